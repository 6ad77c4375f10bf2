import { type BareJid, bareOf, type Jid } from '@starling/jid';
import { escapedIdOf } from '@starling/stanza';

/** Messages that an edge remembers, of all its users: errors come within seconds. About 200 bytes each. */
const MESSAGES_MAX = 32_768;
/** Of an id, in characters; who writes longer ones, to fill an edge, hears of no errors on his other devices. */
const ID_MAX = 256;

/**
 * Which messages were eligible for copies, by user, other side and id: an error that answers one of them is eligible too (§6.1). What it
 * repeats of the message says nothing: nobody has to repeat it (RFC 6120 §8.3.1).
 */
export class CopiedIds {
  readonly #max: number;
  readonly #keys = new Set<string>();

  constructor(max = MESSAGES_MAX) {
    this.#max = max;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** `other` is whom the user wrote to, or who wrote to him. A message without an id cannot be told from others, and is passed over. */
  add(user: BareJid, other: Jid, stanza: Uint8Array): void {
    const key = keyOf(user, other, stanza);
    if (key === undefined || this.#keys.has(key)) return;
    this.#keys.add(key);
    if (this.#keys.size > this.#max) this.#keys.delete(this.#keys.values().next().value ?? '');
  }

  /** Whether an error between the two answers one of them. */
  isAnsweredBy(user: BareJid, other: Jid, error: Uint8Array): boolean {
    const key = keyOf(user, other, error);
    return key !== undefined && this.#keys.has(key);
  }
}

/** The other side may answer with another resource than it was asked by. */
function keyOf(user: BareJid, other: Jid, stanza: Uint8Array): string | undefined {
  const id = escapedIdOf(stanza);
  return id === '' || id.length > ID_MAX ? undefined : `${user}\n${bareOf(other)}\n${id}`;
}
