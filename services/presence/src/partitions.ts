import { partitionOf } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { PresenceMetrics } from './metrics.ts';
import { Partition } from './partition.ts';
import type { EdgeRef } from './row.ts';
import { User } from './user.ts';

/** The partitions that this node owns, and the users in them. */
export class Partitions {
  readonly #own = new Map<number, Partition>();
  readonly #users = new Map<string, User>();
  readonly #metrics: PresenceMetrics;
  readonly #heldMax: number;
  #held = 0;
  #learning = 0;

  constructor(metrics: PresenceMetrics, heldMax: number) {
    this.#metrics = metrics;
    this.#heldMax = heldMax;
  }

  /** Sources of the gauges. Returns the undo. */
  track(): () => void {
    const { users, sessions, partitions, held } = this.#metrics;
    const undo = [
      users.track(() => this.#users.size),
      sessions.track(() => [...this.#users.values()].reduce((sum, user) => sum + user.sessions.size, 0)),
      partitions.track(() => this.#own.size - this.#learning, { state: 'serving' }),
      partitions.track(() => this.#learning, { state: 'learning' }),
      held.track(() => this.#held),
    ];
    return () => {
      for (const stop of undo) stop();
    };
  }

  get size(): number {
    return this.#own.size;
  }

  /** Addressees that wait until a partition is known. */
  get held(): number {
    return this.#held;
  }

  get learning(): number {
    return this.#learning;
  }

  get(number: number): Partition | undefined {
    return this.#own.get(number);
  }

  values(): Iterable<Partition> {
    return this.#own.values();
  }

  users(): Iterable<User> {
    return this.#users.values();
  }

  /** Of a bare JID. */
  of(jid: string): Partition | undefined {
    return this.#own.get(partitionOf(jid as BareJid));
  }

  user(jid: string): User | undefined {
    return this.#users.get(jid);
  }

  has(user: User): boolean {
    return this.#users.get(user.jid) === user;
  }

  /** The user, made when there is none. */
  open(jid: string, partition: Partition): User {
    let user = this.#users.get(jid);
    if (user === undefined) {
      user = new User(jid, partition);
      this.#users.set(jid, user);
      partition.users.add(user);
    }
    return user;
  }

  closeIfIdle(user: User): void {
    if (!user.isIdle || !this.has(user)) return;
    this.#users.delete(user.jid);
    user.partition.users.delete(user);
  }

  take(number: number, epoch: number, nowMs: number, edges: readonly EdgeRef[]): Partition {
    const partition = new Partition(number, epoch, nowMs, edges);
    this.#own.set(number, partition);
    this.#learning++;
    return partition;
  }

  serve(partition: Partition): void {
    partition.isServing = true;
    this.#learning--;
  }

  drop(partition: Partition): void {
    this.#own.delete(partition.number);
    for (const user of partition.users) this.#users.delete(user.jid);
    this.#held -= partition.held.reduce((sum, { weight }) => sum + weight, 0);
    if (!partition.isServing) this.#learning--;
    partition.held = [];
  }

  /** The partition of a bare JID, while it is not known who is there. Costs nothing when all are known. */
  learningOf(jid: string): Partition | undefined {
    if (this.#learning === 0) return undefined;
    const partition = this.of(jid);
    return partition === undefined || partition.isServing ? undefined : partition;
  }

  /** Keeps work until the partition is served. False when there is too much of it. */
  hold(partition: Partition, weight: number, work: () => void): boolean {
    if (this.#held + weight > this.#heldMax) {
      partition.hasDropped = true;
      this.#metrics.dropped.inc(weight, { reason: 'held' });
      return false;
    }
    this.#held += weight;
    partition.held.push({ weight, work });
    return true;
  }

  /** What was kept; nothing is afterwards. */
  release(partition: Partition): readonly (() => void)[] {
    const { held } = partition;
    partition.held = [];
    this.#held -= held.reduce((sum, { weight }) => sum + weight, 0);
    return held.map(({ work }) => work);
  }
}
