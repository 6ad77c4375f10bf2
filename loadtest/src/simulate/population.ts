import { partitionOf } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { jidOf, type People, personOf, Strangers } from '../presence/people.ts';

export const DOMAIN = 'example.com';

/** All users of the cluster, and those of them whose partitions are simulated. */
export class Population {
  readonly #people: People;
  readonly #isSimulated: (partition: number) => boolean;
  /** Numbers of those who are simulated, in no order. */
  readonly own: Int32Array;

  /** @param isSimulated whether a partition is */
  constructor(options: {
    users: number;
    contacts: number;
    seed: number;
    isSimulated: (partition: number) => boolean;
  }) {
    const { users: count, contacts, seed } = options;
    this.#people = new Strangers({ count, contacts, seed, domain: DOMAIN });
    this.#isSimulated = options.isSimulated;
    const own = new Int32Array(count);
    let size = 0;
    for (let person = 0; person < count; person++) if (this.isOwn(person)) own[size++] = person;
    this.own = own.subarray(0, size);
  }

  get users(): number {
    return this.#people.count;
  }

  jid(person: number): BareJid {
    return jidOf(person, DOMAIN) as BareJid;
  }

  partition(person: number): number {
    return partitionOf(this.jid(person));
  }

  /** Whether the user's partition is simulated. */
  isOwn(person: number): boolean {
    return this.#isSimulated(this.partition(person));
  }

  /** Numbers of the user's contacts: they see each other. */
  friends(person: number): readonly number[] {
    return this.#people.contactsOf(person);
  }

  contactsOf(user: string): readonly BareJid[] {
    return this.friends(personOf(user)).map((person) => this.jid(person));
  }
}
