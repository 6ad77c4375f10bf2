import { type Bus, call, RpcError } from '@starling/bus';
import { partitionOf, presence } from '@starling/contracts';
import { type BareJid, bareOf, type FullJid } from '@starling/jid';
import type { PresenceOwners } from './owners.ts';

/** How long an answer serves: who loses a subscription may ask for as long still. */
const CACHE_MS = 60_000;
const ANSWERS_MAX = 10_000;

/** Whether somebody may know that a resource is there (RFC 6121 §8.5.3.1): asked from the owner of its user's presence. */
export class Visibility {
  readonly #bus: Bus;
  readonly #owners: PresenceOwners;
  readonly #timeoutMs: number;
  /** Until when the answer is yes; a no is asked again, since it ends with the first presence that is shared. */
  readonly #answers = new Map<string, number>();

  constructor(options: { bus: Bus; owners: PresenceOwners; timeoutMs: number }) {
    this.#bus = options.bus;
    this.#owners = options.owners;
    this.#timeoutMs = options.timeoutMs;
  }

  /** A Promise only when the owner has to be asked. When he is not there the answer is no: nothing is given away. */
  mayKnow(asker: FullJid, target: FullJid): boolean | Promise<boolean> {
    const key = `${asker} ${target}`;
    const until = this.#answers.get(key);
    if (until !== undefined && until > Date.now()) return true;
    return this.#ask(asker, target, key);
  }

  async #ask(asker: FullJid, target: FullJid, key: string): Promise<boolean> {
    const node = this.#owners.ownerOf(partitionOf(bareOf(target) as BareJid));
    if (node === undefined) return false;
    try {
      const { visible } = await call(this.#bus, presence.visible(node.id), { asker, target }, this.#timeoutMs);
      if (visible) this.#remember(key);
      return visible;
    } catch (error) {
      if (error instanceof RpcError) return false; // Policy: fails closed
      throw error;
    }
  }

  #remember(key: string): void {
    this.#answers.delete(key);
    this.#answers.set(key, Date.now() + CACHE_MS);
    const oldest = this.#answers.keys().next();
    if (this.#answers.size > ANSWERS_MAX && !oldest.done) this.#answers.delete(oldest.value);
  }
}
