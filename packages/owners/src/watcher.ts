import { type Delivery, RecordConflictError, RecordsUnavailableError, type Subscription } from '@starling/bus';
import {
  decodeHeartbeat,
  encodeHeartbeat,
  type Group,
  type Heartbeat,
  type MembershipDocument,
  subjects,
} from '@starling/contracts';
import { type Changed, type ChangeOptions, changeDocument, readDocument } from './change-document.ts';
import { type Clock, systemClock } from './clock.ts';
import { NO_DOCUMENT, withoutMembers } from './document.ts';
import type { GroupView, GroupWatch, Member } from './group.ts';
import { Handlers } from './handlers.ts';
import { type OwnersMetrics, ownersMetrics } from './metrics.ts';
import type { GroupOptions } from './options.ts';
import { Silence } from './silence.ts';

export interface WatcherOptions extends GroupOptions {
  /** Whether it may remove silent members now. */
  readonly mayEvict: () => boolean;
  /** Before anybody else is told. */
  readonly onDocument?: (document: MembershipDocument) => void;
  readonly onHeartbeat?: (heartbeat: Heartbeat) => void;
  readonly onReconnect?: () => void;
  /** There is no document any more, or a follower does not have it yet. */
  readonly onMissing?: () => void;
}

const TICKS_A_HEARTBEAT = 4;

/** Follows the document of a group and listens to its members; removes the dead ones if it may. */
export class Watcher implements GroupWatch {
  readonly group: Group;
  readonly clock: Clock;
  readonly metrics: OwnersMetrics;
  readonly #options: WatcherOptions;
  readonly #change: ChangeOptions;
  readonly #silence: Silence;
  readonly #handlers: Handlers<[view: GroupView]>;
  readonly #undo: (() => void)[] = [];
  #document: MembershipDocument = NO_DOCUMENT;
  #incarnations: ReadonlyMap<string, string> = new Map();
  #learnedAtMs: number;
  #tickedAtMs: number;
  /** The highest epoch that anybody spoke of. */
  #heardOfEpoch = 0;
  #mustRead = true;
  #reading: Promise<void> | undefined;
  #isEvicting = false;
  #cancelEviction = () => {};
  #closed = false;

  constructor(options: WatcherOptions) {
    const { group, config, records, logger } = options;
    this.#options = options;
    this.group = group;
    this.clock = options.clock ?? systemClock;
    this.metrics = options.metrics.register(ownersMetrics);
    this.#handlers = new Handlers((err) => logger.error({ what: 'group_handler_failed', group, err }));
    this.#change = {
      records,
      group,
      clock: this.clock,
      attemptsMax: config.changeAttemptsMax,
      onConflict: () => this.metrics.conflicts.inc(1, { group }),
    };
    const nowMs = this.clock.nowMs();
    this.#silence = new Silence(config.deadMs, nowMs);
    this.#learnedAtMs = nowMs;
    this.#tickedAtMs = nowMs;
  }

  get epoch(): number {
    return this.#document.epoch;
  }
  get members(): readonly Member[] {
    return this.#document.members;
  }

  isCurrent(id: string, incarnation: string): boolean {
    return this.#incarnations.get(id) === incarnation;
  }

  onChange(handler: (view: GroupView) => void): () => void {
    return this.#handlers.add(handler);
  }

  noticeEpoch(epoch: number): void {
    if (epoch <= this.#heardOfEpoch) return;
    this.#heardOfEpoch = epoch;
    if (epoch > this.epoch) this.#readSoon();
  }

  start(): void {
    const { bus, group, config } = this.#options;
    const subscription: Subscription = bus.subscribe(subjects.heartbeat(group), (delivery) =>
      this.#onMessage(delivery),
    );
    this.#undo.push(
      () => subscription.unsubscribe(),
      bus.onReconnect(() => this.#onReconnect()),
      this.clock.every(config.heartbeatMs / TICKS_A_HEARTBEAT, () => this.#onTick()),
      this.metrics.epoch.track(() => this.epoch, { group }),
      this.metrics.members.track(() => this.members.length, { group }),
    );
  }

  /** Resolves when the document has been read, or could not be read for now. */
  read(): Promise<void> {
    this.#mustRead = false;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Changes the document, and tells everybody. @throws RecordConflictError, RecordsUnavailableError */
  async change(change: (document: MembershipDocument) => MembershipDocument): Promise<Changed> {
    const changed = await changeDocument(this.#change, change);
    this.learn(changed.document);
    if (changed.isChanged) this.#announce(changed.document.epoch);
    return changed;
  }

  /** A version of the document; what is older than the known one says nothing. */
  learn(document: MembershipDocument): void {
    if (this.#closed || document.epoch <= this.epoch) return;
    const nowMs = this.clock.nowMs();
    this.#document = document;
    this.#incarnations = new Map(document.members.map(({ id, incarnation }) => [id, incarnation]));
    this.#learnedAtMs = nowMs;
    this.#silence.expect(document.members, nowMs);
    const { logger, group, onDocument } = this.#options;
    const members = document.members.map(({ id }) => id);
    logger.info({ what: 'group_changed', group, epoch: document.epoch, members });
    onDocument?.(document);
    this.#handlers.call({ epoch: document.epoch, members: document.members });
  }

  publish(heartbeat: Heartbeat): void {
    this.#options.bus.publish(subjects.heartbeat(this.group), encodeHeartbeat(heartbeat));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const undo of this.#undo.splice(0)) undo();
    this.#cancelEviction();
    await this.#reading;
  }

  #announce(epoch: number): void {
    this.publish({ id: '', incarnation: '', epoch, sentAtMs: 0 });
  }

  #onMessage({ data }: Delivery): void {
    let heartbeat: Heartbeat;
    try {
      heartbeat = decodeHeartbeat(data);
    } catch (err) {
      // Policy: bytes that nobody can read are no sign of life.
      this.#options.logger.error({ what: 'envelope_decode_failed', group: this.group, err });
      return;
    }
    // Before anything else: the time of a message that waited while the process was stopped is not its own.
    this.#noticePause();
    const nowMs = this.clock.nowMs();
    this.#silence.heard(heartbeat.incarnation, nowMs);
    this.noticeEpoch(heartbeat.epoch);
    this.#options.onHeartbeat?.(heartbeat);
    // Who has missed the word of a change is told again, though by then his own reading would have been under way.
    const isLate = nowMs - this.#learnedAtMs > this.#options.config.heartbeatMs;
    if (heartbeat.epoch < this.epoch && isLate && this.#options.mayEvict()) this.#announceOnce();
  }

  /** At most once a heartbeat's time. */
  #announceOnce(): void {
    this.#learnedAtMs = this.clock.nowMs();
    this.#announce(this.epoch);
  }

  #onReconnect(): void {
    if (this.#closed) return;
    this.#silence.listenAnew(this.clock.nowMs());
    this.#readSoon();
    this.#options.onReconnect?.();
  }

  #onTick(): void {
    this.#noticePause();
    this.#tickedAtMs = this.clock.nowMs();
    if (this.#mustRead) void this.read();
    this.#evictSoon();
  }

  /** A process that did not run could not listen. */
  #noticePause(): void {
    const nowMs = this.clock.nowMs();
    if (nowMs - this.#tickedAtMs <= this.#options.config.heartbeatMs) return;
    this.#tickedAtMs = nowMs;
    this.#silence.listenAnew(nowMs);
    this.#mustRead = true;
  }

  #readSoon(): void {
    this.#mustRead = true;
    // What is being read now may be the version before.
    if (this.#reading === undefined) void this.read();
  }

  async #read(): Promise<void> {
    const { records, group, logger } = this.#options;
    try {
      const document = await readDocument(records, group);
      if (document) this.learn(document);
      else if (this.epoch > 0) this.#options.onMissing?.();
      // A follower may have given an old version.
      if (this.epoch < this.#heardOfEpoch) this.#mustRead = true;
    } catch (err) {
      // Policy: it is tried again at the next tick, and what is known stays.
      this.#mustRead = true;
      if (!this.#closed && !isExpected(err)) logger.error({ what: 'group_read_failed', group, err });
    }
  }

  #dead(): readonly Member[] {
    const nowMs = this.clock.nowMs();
    return this.members.filter(({ incarnation }) => this.#silence.isDead(incarnation, nowMs));
  }

  #evictSoon(): void {
    if (this.#isEvicting || !this.#options.mayEvict() || this.#dead().length === 0) return;
    this.#isEvicting = true;
    this.#cancelEviction = this.clock.after(Math.random() * this.#options.config.jitterMs, () => {
      void this.#evict().finally(() => {
        this.#isEvicting = false;
      });
    });
  }

  async #evict(): Promise<void> {
    const { group, logger } = this.#options;
    let gone: readonly Member[] = [];
    try {
      await this.change((document) => {
        // Looked at again right before it is written: somebody may have spoken, or this process may have been stopped.
        this.#noticePause();
        gone = this.#options.mayEvict() && !this.#closed ? this.#dead() : [];
        const next = withoutMembers(document, (m) => gone.some(({ incarnation }) => incarnation === m.incarnation));
        gone = document.members.filter((member) => !next.members.includes(member));
        return next;
      });
    } catch (err) {
      // Policy: the next tick tries again, if nobody else has done it by then.
      if (!isExpected(err)) logger.error({ what: 'group_change_failed', group, err });
      return;
    }
    for (const { id, incarnation } of gone) logger.warn({ what: 'member_evicted', group, member: id, incarnation });
    this.metrics.evictions.inc(gone.length, { group });
  }
}

/** Of a group whose record cannot be asked for, or that many change at once. */
export const isExpected = (error: unknown): boolean =>
  error instanceof RecordsUnavailableError || error instanceof RecordConflictError;
