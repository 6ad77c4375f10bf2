/** 'late': the first that is heard of this incarnation, but not its first: perhaps what came before was for somebody else, perhaps it is lost. */
export type Hearing = 'next' | 'late' | 'hole';

/** How far everybody has been heard: a hole in the numbers is a loss. */
export class Senders {
  /** By incarnation: an edge and a presence service in one process have one id. */
  readonly #heard = new Map<string, number>();

  hear(incarnation: string, sequence: number): Hearing {
    const last = this.#heard.get(incarnation);
    this.#heard.set(incarnation, sequence);
    if (sequence === (last ?? 0) + 1) return 'next';
    return last === undefined ? 'late' : 'hole';
  }

  /** Those that are no more. */
  forget(isThere: (incarnation: string) => boolean): void {
    for (const incarnation of this.#heard.keys()) if (!isThere(incarnation)) this.#heard.delete(incarnation);
  }

  clear(): void {
    this.#heard.clear();
  }
}
