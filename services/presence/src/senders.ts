/** 'first': of this incarnation; whether something came before it is not known. */
export type Hearing = 'first' | 'next' | 'hole';

/** How far everybody has been heard: a hole in the numbers is a loss. */
export class Senders {
  /** By incarnation: an edge and a presence service in one process have one id. */
  readonly #heard = new Map<string, number>();

  hear(incarnation: string, sequence: number): Hearing {
    const last = this.#heard.get(incarnation);
    this.#heard.set(incarnation, sequence);
    if (last === undefined) return 'first';
    return sequence === last + 1 ? 'next' : 'hole';
  }

  /** Those that are no more. */
  forget(isThere: (incarnation: string) => boolean): void {
    for (const incarnation of this.#heard.keys()) if (!isThere(incarnation)) this.#heard.delete(incarnation);
  }

  clear(): void {
    this.#heard.clear();
  }
}
