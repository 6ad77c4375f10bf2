import type { Population } from './population.ts';

/** Of all who are not simulated, whom of those who are they see: found once, as a cluster of ten million has 250 million pairs. */
export class OwnFriends {
  readonly #isOwn: Uint8Array;
  /** Of person i they are from the i-th place on, up to the next one's. */
  readonly #places: Int32Array;
  readonly #friends: Int32Array;

  constructor(population: Pick<Population, 'users' | 'own' | 'friends'>) {
    const { users, own } = population;
    this.#isOwn = new Uint8Array(users);
    for (const person of own) this.#isOwn[person] = 1;
    const places = new Int32Array(users + 1);
    this.#eachPair(population, (other) => {
      places[other + 1] = (places[other + 1] ?? 0) + 1;
    });
    for (let person = 0; person < users; person++)
      places[person + 1] = (places[person + 1] ?? 0) + (places[person] ?? 0);
    const friends = new Int32Array(places[users] ?? 0);
    const next = places.slice();
    this.#eachPair(population, (other, person) => {
      const place = next[other] ?? 0;
      friends[place] = person;
      next[other] = place + 1;
    });
    this.#places = places;
    this.#friends = friends;
  }

  isOwn(person: number): boolean {
    return this.#isOwn[person] === 1;
  }

  /** Numbers of them, in the order of `population.own`. */
  of(person: number): Int32Array {
    return this.#friends.subarray(this.#places[person], this.#places[person + 1]);
  }

  #eachPair(of: Pick<Population, 'own' | 'friends'>, pair: (other: number, person: number) => void): void {
    for (const person of of.own) for (const other of of.friends(person)) if (!this.isOwn(other)) pair(other, person);
  }
}
