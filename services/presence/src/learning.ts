import type { Logger } from '@starling/runtime';
import type { Broadcast } from './broadcast.ts';
import type { PresenceConfig } from './config.ts';
import type { LeftSessions } from './left-sessions.ts';
import type { PresenceMetrics } from './metrics.ts';
import type { Misses } from './misses.ts';
import type { Outbox } from './outbox.ts';
import type { Partition } from './partition.ts';
import type { Partitions } from './partitions.ts';
import type { Standing } from './standing.ts';

/** Silent edges are asked again after so many times STARLING_PRESENCE_ASK_AFTER. */
const ASK_AGAIN_TICKS = 8;

export interface LearningOptions {
  readonly standing: Standing;
  readonly partitions: Partitions;
  readonly outbox: Outbox;
  readonly broadcast: Broadcast;
  readonly misses: Misses;
  readonly left: LeftSessions;
  readonly config: PresenceConfig;
  readonly metrics: PresenceMetrics;
  readonly log: Logger;
}

/** From taking a partition to serving it: every edge tells its sessions first, as long as that is bearable. */
export class Learning {
  readonly #options: LearningOptions;
  /** Partitions of which all is known, and that are not served yet. */
  readonly #due = new Set<Partition>();
  #serving: NodeJS.Immediate | undefined;
  #ticks = 0;

  constructor(options: LearningOptions) {
    this.#options = options;
  }

  take(number: number): void {
    const { partitions, standing } = this.#options;
    const edges = standing.edges.map(({ id, incarnation }) => ({ id, incarnation }));
    const now = Date.now();
    const partition = partitions.take(number, standing.epoch, now, edges);
    if (this.#options.left.isNeeded(now)) this.lookBack(partition);
    this.serveIfKnown(partition);
  }

  /** An edge may have died before it could tell its sessions. */
  lookBack(partition: Partition): void {
    partition.lookBacks++;
    this.#options.left.read(partition, () => {
      partition.lookBacks--;
      if (this.#options.partitions.get(partition.number) === partition) this.serveIfKnown(partition);
    });
  }

  serveIfKnown(partition: Partition): void {
    if (partition.isServing || partition.lookBacks > 0 || partition.awaited.size > 0) return;
    if (partition.users.size === 0 && partition.held.length === 0) this.#serve(partition);
    else this.#serveInTurn(partition);
  }

  /** The next tick asks. */
  begin(): void {
    this.#ticks = 0;
  }

  /** Asks the silent edges, and waits for them no longer than is bearable. */
  tick(nowMs: number): void {
    const { partitions, config } = this.#options;
    const asks = this.#ticks++ % ASK_AGAIN_TICKS === 0;
    for (const partition of partitions.values()) {
      if (partition.isServing || this.#due.has(partition)) continue;
      if (nowMs - partition.takenAtMs > config.learnMaxMs) this.#giveUp(partition);
      else if (asks) for (const { id } of partition.awaited.values()) this.want(id, partition, 'silent');
    }
  }

  /** It is served with what is known, but in its turn like all others. */
  #giveUp(partition: Partition): void {
    const edges = [...partition.awaited.values()].map(({ id }) => id);
    this.#options.log.error({ what: 'presence_edges_silent', partition: partition.number, edges });
    this.#serveInTurn(partition);
  }

  /** An edge is to tell all its sessions in this partition. */
  want(edge: string, partition: Partition, reason: 'silent' | 'hole' | 'digest' | 'new'): void {
    const { outbox, metrics } = this.#options;
    metrics.wanted.inc(1, { reason });
    outbox.want(edge, partition.number);
  }

  clear(): void {
    clearImmediate(this.#serving);
    this.#serving = undefined;
    this.#due.clear();
  }

  /** One in a turn of the loop: who takes over a third of the users would else be silent, and dead for the others. */
  #serveInTurn(partition: Partition): void {
    this.#due.add(partition);
    this.#serving ??= setImmediate(() => this.#serveNext());
  }

  #serveNext(): void {
    const { standing, partitions } = this.#options;
    this.#serving = undefined;
    const [partition] = this.#due;
    if (partition === undefined) return;
    this.#due.delete(partition);
    const isOurs = standing.acting !== undefined && partitions.get(partition.number) === partition;
    if (isOurs && !partition.isServing) this.#serve(partition);
    if (this.#due.size > 0) this.#serving = setImmediate(() => this.#serveNext());
  }

  #serve(partition: Partition): void {
    const { partitions, broadcast, misses, metrics } = this.#options;
    partitions.serve(partition);
    metrics.learnSeconds.observe((Date.now() - partition.takenAtMs) / 1_000);
    for (const user of [...partition.users]) broadcast.introduce(user);
    for (const work of partitions.release(partition)) work();
    if (partition.hasDropped) misses.tell('held');
  }
}
