import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bus, Subscription } from '@starling/bus';
import { decodeEdgeBatch, type EdgeBatch, type Emission, subjects } from '@starling/contracts';
import { type BareJid, bareOf, type Jid, resourceOf } from '@starling/jid';
import type { Logger } from '@starling/runtime';
import type { Tracer } from '@starling/trace';
import type { EdgeMetrics } from '../metrics.ts';
import type { ClientSession } from '../session.ts';
import type { Healing } from './healing.ts';
import type { PresenceOwners } from './owners.ts';
import { type PresenceAudience, showToSeen, showToTargets } from './shown.ts';

/** What is looked at before messages, and heartbeats, have a turn of the loop: they never wait behind presence for long. */
const TARGETS_A_TURN = 500;
const SESSIONS_A_TURN = 250;
/** Incarnations of nodes whose last number is remembered. */
const NODES_MAX = 1_000;

/** From the presence nodes to the sessions of this edge. */
export class Arrivals {
  readonly #owners: PresenceOwners;
  readonly #healing: Healing;
  readonly #audience: PresenceAudience;
  readonly #batchesMax: number;
  readonly #metrics: EdgeMetrics;
  readonly #tracer: Tracer | undefined;
  readonly #log: Logger;
  readonly #subscription: Subscription;
  /** The number of the last batch, by incarnation of the node. */
  readonly #heard = new Map<string, number>();
  readonly #waiting: EdgeBatch[] = [];
  #busy = false;

  constructor(options: {
    bus: Bus;
    edge: string;
    owners: PresenceOwners;
    healing: Healing;
    audience: PresenceAudience;
    /** Batches that wait for their turn; beyond them they are dropped, and what they held is asked for again. */
    batchesMax: number;
    tracer: Tracer | undefined;
    metrics: EdgeMetrics;
    log: Logger;
  }) {
    this.#owners = options.owners;
    this.#healing = options.healing;
    this.#audience = options.audience;
    this.#batchesMax = options.batchesMax;
    this.#metrics = options.metrics;
    this.#tracer = options.tracer;
    this.#log = options.log;
    this.#subscription = options.bus.subscribe(subjects.edge(options.edge), ({ data }) => this.#arrived(data));
  }

  stop(): void {
    this.#subscription.unsubscribe();
    this.#waiting.length = 0;
  }

  #arrived(data: Uint8Array): void {
    let batch: EdgeBatch;
    try {
      batch = decodeEdgeBatch(data);
    } catch (error) {
      // Policy: what cannot be read is as good as lost.
      this.#log.error({ what: 'envelope_decode_failed', err: error });
      this.#healing.missed();
      return;
    }
    if (!this.#owners.isCurrent(batch.node, batch.incarnation, batch.epoch)) {
      this.#metrics.presenceBatches.inc(1, { outcome: 'void' });
      return;
    }
    if (this.#isHole(batch)) {
      this.#metrics.presenceBatches.inc(1, { outcome: 'hole' });
      this.#healing.missed();
    }
    if (this.#waiting.length >= this.#batchesMax) {
      this.#metrics.presenceBatches.inc(1, { outcome: 'dropped' });
      this.#healing.missed();
      return;
    }
    this.#metrics.presenceBatches.inc(1, { outcome: 'taken' });
    this.#waiting.push(batch);
    if (!this.#busy) void this.#work();
  }

  #isHole({ incarnation, sequence }: EdgeBatch): boolean {
    const last = this.#heard.get(incarnation);
    this.#heard.set(incarnation, sequence);
    if (this.#heard.size > NODES_MAX) this.#heard.delete(this.#heard.keys().next().value ?? '');
    return sequence !== (last ?? 0) + 1;
  }

  #show(emission: Emission): number {
    const hop = this.#tracer?.follow('presence shown', emission.trace);
    const sessions = showToTargets(emission, this.#audience);
    hop?.end({ sessions });
    return sessions;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    let targets = 0;
    for (let batch = this.#waiting.shift(); batch !== undefined; batch = this.#waiting.shift()) {
      for (const emission of batch.emissions) {
        if (emission.toSeen) continue;
        this.#count(this.#show(emission));
        targets += emission.to.length;
        if (targets < TARGETS_A_TURN) continue;
        targets = 0;
        await nextTurn();
      }
      await this.#showToSeen(batch.emissions.filter((emission) => emission.toSeen));
      for (const emission of batch.emissions) if (emission.unavailable) this.#hearEnd(emission);
      this.#rest(batch);
    }
    this.#busy = false;
  }

  async #showToSeen(emissions: readonly Emission[]): Promise<void> {
    if (emissions.length === 0) return;
    const byFrom = new Map<string, Emission[]>();
    for (const emission of emissions) {
      const others = byFrom.get(emission.from);
      if (others === undefined) byFrom.set(emission.from, [emission]);
      else others.push(emission);
    }
    const sessions = [...this.#audience.sessions()];
    for (let at = 0; at < sessions.length; at += SESSIONS_A_TURN) {
      this.#count(showToSeen(byFrom, sessions.slice(at, at + SESSIONS_A_TURN)));
      if (at + SESSIONS_A_TURN < sessions.length) await nextTurn();
    }
  }

  /** Its owner did not know the session, or another one had its address and spoke after it. With its own stamp it is hidden from somebody. */
  #hearEnd({ from, stamp }: Emission): void {
    const session = this.#sessionOf(from as Jid);
    if (session?.available && stamp > session.stamp) this.#healing.contradict(session, stamp);
  }

  #sessionOf(jid: Jid): ClientSession | undefined {
    return this.#audience.sessionsOf(bareOf(jid) as BareJid)?.local.get(resourceOf(jid));
  }

  #count(shown: number): void {
    if (shown > 0) this.#metrics.stanzasOut.inc(shown, { kind: 'presence' });
  }

  /** What is no presence: requests that wait for an answer, and what the node asks for. */
  #rest({ requests, wanted, missed }: EdgeBatch): void {
    for (const { to, stanza } of requests) {
      const session = this.#sessionOf(to as Jid);
      // RFC 6121 §3.1.3: requests go to available resources.
      if (session?.available) session.deliver(stanza);
    }
    if (missed) this.#healing.missed();
    else if (wanted.length > 0) this.#healing.wanted(wanted);
  }
}
