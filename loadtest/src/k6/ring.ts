import type { People } from '../presence/people.ts';

const CONTACTS_A_SIDE = 5;

/** People around a circle, who have five on either side in their rosters: those to whom the scripts of loadtest/k6 write. */
export class Ring implements People {
  readonly count: number;
  readonly domain: string;

  constructor(count: number, domain: string) {
    this.count = count;
    this.domain = domain;
  }

  contactsOf(person: number): readonly number[] {
    const found = new Set<number>();
    for (let distance = 1; distance <= CONTACTS_A_SIDE; distance++)
      for (const other of [person + distance, person - distance])
        found.add((other + this.count * CONTACTS_A_SIDE) % this.count);
    found.delete(person);
    return [...found];
  }
}
