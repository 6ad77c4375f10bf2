interface Heard {
  readonly incarnation: string;
  sequence: number;
}

/** 'first': of this incarnation; whether something came before it is not known. */
export type Hearing = 'first' | 'next' | 'hole';

/** How far everybody has been heard: a hole in the numbers is a loss. */
export class Senders {
  readonly #heard = new Map<string, Heard>();

  hear(sender: string, incarnation: string, sequence: number): Hearing {
    const heard = this.#heard.get(sender);
    if (heard?.incarnation !== incarnation) {
      this.#heard.set(sender, { incarnation, sequence });
      return 'first';
    }
    const isNext = sequence === heard.sequence + 1;
    heard.sequence = sequence;
    return isNext ? 'next' : 'hole';
  }

  /** Those that are no more. */
  forget(isThere: (sender: string, incarnation: string) => boolean): void {
    for (const [sender, { incarnation }] of this.#heard) if (!isThere(sender, incarnation)) this.#heard.delete(sender);
  }

  clear(): void {
    this.#heard.clear();
  }
}
