import { setTimeout as pause } from 'node:timers/promises';
import { type Bus, call, RpcError } from '@starling/bus';
import { presence, type SessionTable } from '@starling/contracts';
import { StanzaError } from '@starling/stanza';
import type { ClientSession } from '../session.ts';
import type { PresenceOwners } from './owners.ts';

/** Between two attempts while the user's partition changes hands. */
const RETRY_MS = 100;

export interface BindingOptions {
  readonly bus: Bus;
  readonly edge: string;
  readonly incarnation: () => string;
  readonly owners: PresenceOwners;
  /** Of one request, and of all attempts together. */
  readonly requestTimeoutMs: number;
  readonly timeoutMs: number;
}

/** Asks the owner of the user's presence for the bind: he puts one user's sessions in order. */
export class Binding {
  readonly #options: BindingOptions;

  constructor(options: BindingOptions) {
    this.#options = options;
  }

  /**
   * While the owner is another one, or is still learning, he is asked again. The session has its place in the order then.
   * @throws StanzaError resource-constraint: the user has too many sessions, or nobody owns his presence now
   */
  async bind(session: ClientSession): Promise<SessionTable> {
    const deadline = Date.now() + this.#options.timeoutMs;
    for (;;) {
      const bound = await this.#attempt(session);
      if (bound !== undefined) {
        session.boundAt = bound.boundAt;
        return bound.table;
      }
      if (session.ended || Date.now() >= deadline)
        throw new StanzaError('resource-constraint', 'presence is not there now');
      await pause(RETRY_MS);
    }
  }

  /** Undefined: ask again. */
  async #attempt({ user, resource, id, partition }: ClientSession) {
    const { bus, edge, incarnation, owners, requestTimeoutMs } = this.#options;
    const node = owners.ownerOf(partition);
    if (node === undefined) return undefined;
    const request = { user, resource, session: id, edge, incarnation: incarnation() };
    try {
      return await call(bus, presence.bind(node.id), request, requestTimeoutMs);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const isRefused = error.condition === 'resource-constraint' && error.cause === undefined;
      if (isRefused) throw new StanzaError('resource-constraint', error.message, { cause: error });
      return undefined; // Policy: nobody there, late, or not the owner: who owns the partition is looked up again
    }
  }
}
