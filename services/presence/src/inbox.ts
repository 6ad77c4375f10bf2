import { decodeNodeBatch, type NodeBatch } from '@starling/contracts';
import type { Logger } from '@starling/runtime';
import { Ahead, type Verdict } from './ahead.ts';
import type { Broadcast } from './broadcast.ts';
import type { Delivery } from './delivery.ts';
import type { EdgeStates } from './edge-states.ts';
import type { Learning } from './learning.ts';
import type { PresenceMetrics } from './metrics.ts';
import type { Misses } from './misses.ts';
import type { Partitions } from './partitions.ts';
import type { Probes } from './probes.ts';
import type { EdgeRef } from './row.ts';
import { Senders } from './senders.ts';
import type { Standing } from './standing.ts';

export interface InboxOptions {
  readonly standing: Standing;
  readonly partitions: Partitions;
  readonly states: EdgeStates;
  readonly learning: Learning;
  readonly misses: Misses;
  readonly broadcast: Broadcast;
  readonly delivery: Delivery;
  readonly probes: Probes;
  /** A batch waits that cannot be judged yet: drain() is to be called now and then. */
  readonly onWaiting: () => void;
  readonly metrics: PresenceMetrics;
  readonly log: Logger;
}

/** What edges and the other presence nodes send, in batches: each in its turn, a loss is seen, and nothing is taken while it must not be. */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #senders = new Senders();
  readonly #ahead = new Ahead();

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  get isWaiting(): boolean {
    return this.#ahead.size > 0;
  }

  receive(data: Uint8Array): void {
    const { standing, metrics, onWaiting } = this.#options;
    if (standing.isFenced) {
      metrics.dropped.inc(1, { reason: 'fenced' });
      return;
    }
    const batch = this.#decode(data);
    if (batch === undefined) return;
    if (!this.#ahead.has(batch) && this.#judge(batch, false) === 'take') {
      this.#take(batch);
      return;
    }
    if (!this.#ahead.push(batch, data.length, Date.now())) {
      metrics.dropped.inc(1, { reason: 'waiting' });
      return;
    }
    if (standing.membership === undefined) return;
    standing.membership.noticeEpoch(batch.epoch);
    if (standing.kindOf(batch.sender, batch.incarnation) === undefined) standing.lookForEdges();
    onWaiting();
  }

  /** Looks again at what waits. */
  drain(): void {
    if (this.#ahead.size === 0) return;
    this.#ahead.drain(
      Date.now(),
      (batch, isLate) => this.#judge(batch, isLate),
      (batch) => this.#take(batch),
    );
  }

  /** Whoever is not there any more is heard anew when he comes again. */
  forgetOthers(): void {
    const incarnations = this.#options.standing.incarnations();
    this.#senders.forget((incarnation) => incarnations.has(incarnation));
  }

  clear(): void {
    this.#senders.clear();
    this.#ahead.clear();
  }

  #decode(data: Uint8Array): NodeBatch | undefined {
    try {
      return decodeNodeBatch(data);
    } catch (error) {
      // Policy: what cannot be read is dropped; the number that it had is seen to be missing.
      this.#options.log.error({ what: 'envelope_decode_failed', err: error });
      this.#options.metrics.dropped.inc(1, { reason: 'unreadable' });
      return undefined;
    }
  }

  #judge({ sender, incarnation, epoch }: NodeBatch, isLate: boolean): Verdict {
    const { standing, metrics } = this.#options;
    if (standing.acting === undefined) return isLate ? 'drop' : 'wait';
    const isKnown = standing.kindOf(sender, incarnation) !== undefined;
    if (isKnown && (epoch <= standing.epoch || isLate)) return 'take';
    if (!isLate) return 'wait';
    metrics.dropped.inc(1, { reason: 'stale' });
    return 'drop';
  }

  #take(batch: NodeBatch): void {
    const { standing, delivery, probes, metrics } = this.#options;
    const { sender, incarnation } = batch;
    const kind = standing.kindOf(sender, incarnation);
    if (kind === undefined) return;
    const hearing = this.#senders.hear(incarnation, batch.sequence);
    if (hearing === 'hole' || (hearing === 'late' && kind === 'node')) this.#missed(kind, { id: sender, incarnation });
    if (kind === 'edge') this.#takeFromEdge(batch, { id: sender, incarnation }, hearing === 'late');
    metrics.emissionsIn.inc(batch.emissions.length);
    for (const emission of batch.emissions) delivery.deliver(emission, emission.to);
    for (const probe of batch.probes) probes.answer(probe);
    for (const seen of batch.seen) probes.check(sender, seen);
  }

  #takeFromEdge(batch: NodeBatch, edge: EdgeRef, isLate: boolean): void {
    const { partitions, states, learning, broadcast } = this.#options;
    const nowMs = Date.now();
    for (const state of batch.states) {
      const partition = partitions.get(state.partition);
      if (partition !== undefined && states.take(partition, edge, state, nowMs)) learning.serveIfKnown(partition);
    }
    for (const event of batch.events) {
      const partition = partitions.of(event.user);
      if (partition === undefined) continue;
      const user = partitions.open(event.user, partition);
      broadcast.follow(user, user.sessions.apply(event, edge));
      const row = event.missed === true ? user.sessions.get(event.resource) : undefined;
      if (row?.session === event.session) broadcast.goOn(user, row);
    }
    for (const digest of batch.digests) {
      const partition = partitions.get(digest.partition);
      if (partition?.isServing && !states.agrees(partition, edge, digest, nowMs))
        learning.want(edge.id, partition, 'digest');
    }
    // What it has said before is not known.
    if (isLate)
      for (const partition of partitions.values())
        if (!partition.told.has(edge.incarnation)) learning.want(edge.id, partition, 'new');
  }

  #missed(kind: 'edge' | 'node', { id: sender, incarnation }: EdgeRef): void {
    const { partitions, learning, misses, metrics, log } = this.#options;
    metrics.holes.inc(1, { from: kind });
    log.warn({ what: 'presence_hole_found', kind, sender });
    if (kind === 'node') {
      misses.tell('hole');
      return;
    }
    for (const partition of partitions.values()) {
      partition.forgetPieces(incarnation);
      learning.want(sender, partition, 'hole');
    }
  }
}
