/** What was wrong with what sessions were told, over a whole run; each has to be 0. */
export interface Faults {
  /** The same status number of the same contact twice to one session. */
  twice: number;
  /** Unavailable, although it was not available in this session's view. */
  goneTwice: number;
  /** An older status number behind a newer one. */
  backwards: number;
  /** Unavailable, although the contact had never gone. */
  falselyGone: number;
  /** Presence of somebody who is no contact. */
  strangers: number;
}

export const NO_FAULTS: Faults = { twice: 0, goneTwice: 0, backwards: 0, falselyGone: 0, strangers: 0 };

/** @param known what the session had been shown of this person: a status number, negative when he had gone since, 0 for nothing */
export type OnFault = (kind: keyof Faults, person: number, known: number) => void;

/** Status numbers by person; 0 = not available. Numbers begin with 1 and rise with each announcement. */
export type Numbers = Int32Array;

/** What one session believes of its contacts, and of its own account: what the presence that came says, in the order in which it came. */
export class View {
  /** Person → the newest status number that was shown; negative when he has gone since. */
  readonly #shown = new Map<number, number>();
  readonly #watched: ReadonlySet<number>;
  readonly #onFault: OnFault;

  constructor(watched: ReadonlySet<number>, onFault: OnFault) {
    this.#watched = watched;
    this.#onFault = onFault;
  }

  /** Returns how many announcements of this person were left out between the last one and this one; also when it is a fault. */
  available(person: number, number: number): number {
    const known = this.#shown.get(person) ?? 0;
    const newest = Math.abs(known);
    if (!this.#watched.has(person)) this.#onFault('strangers', person, known);
    if (number < newest) this.#onFault('backwards', person, known);
    else if (number === newest) this.#onFault('twice', person, known);
    this.#shown.set(person, number);
    return known === 0 ? 0 : Math.max(0, number - newest - 1);
  }

  /** @param mayGo whether this person comes and goes, or is on an edge that was killed */
  unavailable(person: number, mayGo: boolean): void {
    const known = this.#shown.get(person) ?? 0;
    if (!this.#watched.has(person)) this.#onFault('strangers', person, known);
    if (known <= 0) this.#onFault('goneTwice', person, known);
    else if (!mayGo) this.#onFault('falselyGone', person, known);
    this.#shown.set(person, -Math.abs(known));
  }

  /** 0 = not available. */
  numberOf(person: number): number {
    return Math.max(0, this.#shown.get(person) ?? 0);
  }

  /** Everybody who is available in this view. */
  *persons(): IterableIterator<number> {
    for (const [person, number] of this.#shown) if (number > 0) yield person;
  }
}
