import { between, seeded, shuffled } from '../random.ts';

/** Accounts that know one another, by number. Contacts are mutual: both see each other. */
export interface People {
  readonly count: number;
  readonly domain: string;
  contactsOf(person: number): readonly number[];
}

const PREFIX = 'p';

export const usernameOf = (person: number): string => `${PREFIX}${person}`;
export const jidOf = (person: number, domain: string): string => `${usernameOf(person)}@${domain}`;

/** Who it is, by an address; -1 for any other. */
export function personOf(jid: string): number {
  const end = jid.indexOf('@');
  const number = jid.startsWith(PREFIX) && end > PREFIX.length ? Number(jid.slice(PREFIX.length, end)) : -1;
  return Number.isInteger(number) ? number : -1;
}

/** Everybody has exactly so many contacts, far and wide; the same ones for the same seed. @throws RangeError when that cannot be */
export class Strangers implements People {
  readonly count: number;
  readonly domain: string;
  /** People in a circle, at random. */
  readonly #circle: Int32Array;
  readonly #places: Int32Array;
  /** How far away in the circle one's contacts are, to either side: so they are mutual. */
  readonly #distances: readonly number[];

  constructor(options: { count: number; contacts: number; seed: number; domain: string }) {
    const { count, contacts, seed, domain } = options;
    const farthest = Math.floor((count - 1) / 2);
    if (contacts % 2 !== 0 || contacts / 2 > farthest)
      throw new RangeError(`${count} people cannot have ${contacts} contacts each: an even number below theirs`);
    const random = seeded(seed);
    this.count = count;
    this.domain = domain;
    this.#circle = shuffled(random, count);
    this.#places = new Int32Array(count);
    for (const [place, person] of this.#circle.entries()) this.#places[person] = place;
    const distances = new Set<number>();
    while (distances.size < contacts / 2) distances.add(between(random, 1, farthest));
    this.#distances = [...distances];
  }

  contactsOf(person: number): readonly number[] {
    const place = this.#places[person] ?? 0;
    return this.#distances.flatMap((distance) => [this.#at(place + distance), this.#at(place - distance)]);
  }

  #at(place: number): number {
    return this.#circle[(place + this.count) % this.count] ?? 0;
  }
}

/** Groups in which everybody has everybody else: what the presence of one costs does not depend on who it is. */
export class Cliques implements People {
  readonly count: number;
  readonly domain: string;
  readonly #size: number;

  constructor(options: { groups: number; contacts: number; domain: string }) {
    this.#size = options.contacts + 1;
    this.count = options.groups * this.#size;
    this.domain = options.domain;
  }

  contactsOf(person: number): readonly number[] {
    const first = person - (person % this.#size);
    return Array.from({ length: this.#size }, (_, i) => first + i).filter((other) => other !== person);
  }
}
