import { setTimeout as pause } from 'node:timers/promises';
import { type Bus, call, RpcError } from '@starling/bus';
import { type BindRequest, presence, type SessionTable } from '@starling/contracts';
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
  bind(session: ClientSession): Promise<SessionTable> {
    return this.#ask(session, {});
  }

  /**
   * The session goes on here. `fresh`: its window cannot have run out.
   * @throws StanzaError item-not-found: it is over; else as bind
   */
  resume(session: ClientSession, fresh: boolean): Promise<SessionTable> {
    return this.#ask(session, { resumed: session.event, fresh });
  }

  async #ask(session: ClientSession, more: Pick<BindRequest, 'resumed' | 'fresh'>): Promise<SessionTable> {
    const deadline = Date.now() + this.#options.timeoutMs;
    for (;;) {
      const bound = await this.#attempt(session, more);
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
  async #attempt({ user, resource, id, partition }: ClientSession, more: Pick<BindRequest, 'resumed' | 'fresh'>) {
    const { bus, edge, incarnation, owners, requestTimeoutMs } = this.#options;
    const node = owners.ownerOf(partition);
    if (node === undefined) return undefined;
    const request = { user, resource, session: id, edge, incarnation: incarnation(), ...more };
    try {
      return await call(bus, presence.bind(node.id), request, requestTimeoutMs);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (error.condition === 'item-not-found')
        throw new StanzaError('item-not-found', error.message, { cause: error });
      const isRefused = error.condition === 'resource-constraint' && error.cause === undefined;
      if (isRefused) throw new StanzaError('resource-constraint', error.message, { cause: error });
      return undefined; // Policy: nobody there, late, or not the owner: who owns the partition is looked up again
    }
  }
}
