import { importanceOf } from '@starling/features/xep-0352-csi/importance';
import { Stanza } from '@starling/stanza';

/** What is held for a client that says that nobody looks at it (XEP-0352). */
export class HeldPresence {
  readonly #max: number;
  /** The newest of each address, those that came first in front. */
  readonly #held = new Map<string, Uint8Array>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Whether the stanza is kept, or dropped: nothing is to be sent now. */
  takes(encoded: Uint8Array): boolean {
    const stanza = Stanza.decode(encoded);
    const importance = importanceOf(stanza);
    if (importance === 'hold' && this.#held.size < this.#max) {
      // What it replaces was in front of what has come since.
      this.#held.delete(stanza.from);
      this.#held.set(stanza.from, encoded);
      return true;
    }
    return importance === 'never';
  }

  /** What was held, in order; nothing is afterwards. */
  release(): readonly Uint8Array[] {
    const stanzas = [...this.#held.values()];
    this.#held.clear();
    return stanzas;
  }

  /** Whether presence of this address waits. */
  has(from: string): boolean {
    return this.#held.has(from);
  }

  /** Whose presence waits. */
  addresses(): Iterable<string> {
    return this.#held.keys();
  }
}
