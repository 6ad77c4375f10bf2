import type { Bus } from '@starling/bus';
import { partitionOf, type Seen } from '@starling/contracts';
import { type BareJid, bareOf, type Jid } from '@starling/jid';
import type { GroupWatch, Membership } from '@starling/owners';
import type { Logger } from '@starling/runtime';
import type { Tracer } from '@starling/trace';
import type { EdgeConfig } from '../config.ts';
import type { EdgeMetrics } from '../metrics.ts';
import type { Road } from '../road.ts';
import type { ClientSession } from '../session.ts';
import { Arrivals } from './arrivals.ts';
import { Binding } from './binding.ts';
import { Healing } from './healing.ts';
import { NodeBatches } from './node-batches.ts';
import { PresenceOwners } from './owners.ts';
import { SessionPresence } from './session-presence.ts';
import type { PresenceAudience } from './shown.ts';
import { Visibility } from './visibility.ts';

/** This edge among the edges, and the presence nodes. */
export interface Groups {
  readonly edge: Membership;
  readonly nodes: GroupWatch;
}

export interface PresenceOptions {
  readonly bus: Bus;
  readonly groups: Groups;
  readonly domain: string;
  readonly config: EdgeConfig;
  readonly road: Road;
  readonly audience: PresenceAudience;
  readonly tracer: Tracer | undefined;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
}

/** What this edge has to do with presence, put together: ARCHITECTURE.md shows the way of one. */
export class Presence {
  readonly sessions: SessionPresence;
  readonly binding: Binding;
  readonly visibility: Visibility;
  readonly #owners: PresenceOwners;
  readonly #batches: NodeBatches;
  readonly #healing: Healing;
  readonly #arrivals: Arrivals;
  readonly #audience: PresenceAudience;
  readonly #undo: readonly (() => void)[];
  #incarnation: string;

  constructor({ bus, groups, domain, config, road, audience, tracer, metrics, log }: PresenceOptions) {
    const edge = groups.edge.id;
    const incarnation = () => groups.edge.incarnation;
    const owners = new PresenceOwners(groups.nodes, (partitions) => this.#healing.moved(partitions));
    const batches = new NodeBatches({ bus, edge, incarnation, owners, log });
    const { presenceDigestMs: digestMs, presenceRepairMs: repairMs } = config;
    const healing = new Healing({ sessions: () => audience.sessions(), edge, batches, digestMs, repairMs });
    const { rpcTimeoutMs, bindTimeoutMs, presenceBatchesMax: batchesMax, directedPresenceMax: directedMax } = config;
    const { directedPresenceBytesMax: directedBytesMax, presenceBytesMax: bytesMax } = config;
    this.#audience = audience;
    this.#owners = owners;
    this.#batches = batches;
    this.#healing = healing;
    this.#arrivals = new Arrivals({ bus, edge, owners, healing, audience, batchesMax, tracer, metrics, log });
    this.sessions = new SessionPresence({
      ...{ edge, domain, batches, road, directedMax, directedBytesMax, bytesMax, tracer },
    });
    this.visibility = new Visibility({ bus, owners, timeoutMs: rpcTimeoutMs });
    this.binding = new Binding({
      ...{ bus, edge, incarnation, owners },
      requestTimeoutMs: rpcTimeoutMs,
      timeoutMs: bindTimeoutMs,
    });
    this.#undo = [
      bus.onReconnect(() => healing.missed()),
      // Under another incarnation all sessions are new to their owners: those of the old one have ended for them.
      groups.edge.onChange(() => this.#noticeIncarnation(incarnation())),
    ];
    this.#incarnation = incarnation();
  }

  #noticeIncarnation(now: string): void {
    if (now === this.#incarnation) return;
    this.#incarnation = now;
    // Watchers have been told that they are gone: what they say now is newer than that.
    for (const session of this.#audience.sessions()) if (session.available) session.stamp = session.nextStamp();
    this.#healing.missed();
  }

  /** The session goes on here: whoever has been shown to its client may have gone, and others may have come. */
  resumed(session: ClientSession, shown: readonly Seen[]): void {
    for (const { from, stamp } of shown)
      this.#batches.seen(partitionOf(bareOf(from as Jid) as BareJid), { from, stamp });
    if (session.available) this.#batches.event(session.partition, { ...session.event, missed: true });
  }

  stop(): void {
    for (const undo of this.#undo) undo();
    this.#owners.stop();
    this.#healing.stop();
    this.#arrivals.stop();
    this.#batches.stop();
  }
}
