import { type Bus, call } from '@starling/bus';
import {
  decodeEdgeBatch,
  presence as methods,
  partitionOf,
  SESSION_STATE,
  type SessionEvent,
  subjects,
} from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { silentLogger } from '@starling/runtime';
import { NodeBatches } from '../presence/node-batches.ts';
import { PresenceOwners } from '../presence/owners.ts';
import type { Groups } from '../presence/presence.ts';

const RPC_TIMEOUT_MS = 5_000;
/** As healing.ts has it. */
const PIECE_SESSIONS = 100;
const NOBODY: readonly string[] = [];

/** A session of which an edge knows no more than it has told its owner. */
export interface TellableSession {
  readonly user: BareJid;
  readonly resource: string;
  readonly id: string;
  readonly partition: number;
  boundAt: number;
  stamp: number;
  /** A byte a character: of a million of these, arrays of bytes would make the collector look at everything again and again. */
  presence: string;
}

/**
 * An edge to its presence owners: it binds, tells its sessions, and tells them again to whoever becomes the owner. What it is told is shown
 * to nobody, so that it takes little: for crowds that are there to be told of.
 */
export class EdgeWithoutViews {
  readonly sessions = new Map<string, TellableSession>();
  /** Whether it looks at what comes, as who may be asked to tell his sessions again must. */
  isReading = false;
  readonly #id: string;
  readonly #bus: Bus;
  readonly #incarnation: () => string;
  readonly #owners: PresenceOwners;
  readonly #batches: NodeBatches;

  constructor({ id, bus, groups }: { id: string; bus: Bus; groups: Groups }) {
    this.#id = id;
    this.#bus = bus;
    this.#incarnation = () => groups.edge.incarnation;
    this.#owners = new PresenceOwners(groups.nodes, (partitions) => this.#tellStates(partitions, false));
    this.#batches = new NodeBatches({
      ...{ bus, edge: id, incarnation: this.#incarnation, owners: this.#owners },
      log: silentLogger,
    });
    bus.subscribe(subjects.edge(id), ({ data }) => this.#arrived(data));
  }

  /** @throws RpcError */
  async login(user: BareJid, resource: string, presence: Uint8Array): Promise<TellableSession> {
    const session = { user, resource, id: user, partition: partitionOf(user), boundAt: 0, stamp: 0, presence: '' };
    const owner = this.#owners.ownerOf(session.partition);
    if (owner === undefined) throw new Error('nobody owns presence');
    const request = { user, resource, session: session.id, edge: this.#id, incarnation: this.#incarnation() };
    session.boundAt = (await call(this.#bus, methods.bind(owner.id), request, RPC_TIMEOUT_MS)).boundAt;
    this.sessions.set(user, session);
    this.show(session, presence);
    return session;
  }

  /** `presence`: what stands behind `<presence`. */
  show(session: TellableSession, presence: Uint8Array): void {
    session.stamp = Math.max(Date.now(), session.boundAt, session.stamp + 1);
    session.presence = Buffer.from(presence.buffer, presence.byteOffset, presence.length).toString('latin1');
    this.#batches.event(session.partition, eventOf(session));
  }

  #arrived(data: Uint8Array): void {
    if (!this.isReading) return;
    const { wanted, missed } = decodeEdgeBatch(data);
    if (missed) this.#tellStates(new Set(Array.from(this.sessions.values(), ({ partition }) => partition)), true);
    else if (wanted.length > 0) this.#tellStates(new Set(wanted), true);
  }

  #tellStates(partitions: ReadonlySet<number>, missed: boolean): void {
    const events = new Map<number, SessionEvent[]>(Array.from(partitions, (partition) => [partition, []]));
    for (const session of this.sessions.values()) events.get(session.partition)?.push(eventOf(session));
    for (const [partition, all] of events)
      for (let at = 0; at === 0 || at < all.length; at += PIECE_SESSIONS) {
        const last = at + PIECE_SESSIONS >= all.length;
        this.#batches.state({ partition, first: at === 0, last, sessions: all.slice(at, at + PIECE_SESSIONS), missed });
      }
  }
}

const eventOf = ({ user, resource, id, boundAt, stamp, presence }: TellableSession): SessionEvent => ({
  ...{ user, resource, session: id, state: SESSION_STATE.available, priority: 0, boundAt, stamp },
  ...{ presence: Buffer.from(presence, 'latin1'), ended: false, directed: NOBODY },
  ...{ carbons: false, windowMs: 0, epoch: 0 },
});
