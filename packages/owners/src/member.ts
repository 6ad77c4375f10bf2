import { randomBytes } from 'node:crypto';
import type { Heartbeat, MembershipDocument } from '@starling/contracts';
import { hasMember, withMember, withoutMembers } from './document.ts';
import { Fence } from './fence.ts';
import type { GroupView, Member as MemberRow, Membership } from './group.ts';
import { Handlers } from './handlers.ts';
import type { LossReason } from './metrics.ts';
import type { JoinOptions } from './options.ts';
import { isExpected, Watcher } from './watcher.ts';

const INCARNATION_BYTES = 9;
/** Attempts to join without an answer, a heartbeat's time each, of which one may have been written. */
const FORMERS_MAX = 64;
const newIncarnation = () => randomBytes(INCARNATION_BYTES).toString('base64url');

/** In the document under its newest incarnation; on its way into it; or gone for good. */
type State = 'joining' | 'member' | 'closed';

/**
 * A member of a group: says that it lives, hears itself say so, and stops acting when it has not heard itself for nearly as long as the
 * others wait before they declare it dead.
 */
export class GroupMembership implements Membership {
  readonly id: string;
  readonly #options: JoinOptions;
  readonly #watcher: Watcher;
  readonly #fence: Fence;
  readonly #lost: Handlers<[]>;
  readonly #undo: (() => void)[] = [];
  #state: State = 'joining';
  #incarnation = newIncarnation();
  /** Since it was in last: one of them may still be in the document. */
  readonly #formers = new Set<string>();
  /** When the incarnation was put into the document, or earlier. */
  #askedAtMs = 0;
  #isJoining = false;

  constructor(options: JoinOptions) {
    const { group, config, logger } = options;
    this.id = options.id;
    this.#options = options;
    this.#watcher = new Watcher({
      ...options,
      mayEvict: () => this.mayAct(),
      onDocument: (document) => this.#onDocument(document),
      onHeartbeat: (heartbeat) => this.#onHeartbeat(heartbeat),
      onReconnect: () => this.#beat(),
      onMissing: () => void this.#restore(),
    });
    this.#fence = new Fence(this.#watcher.clock, config.deadMs - config.fenceMarginMs);
    this.#lost = new Handlers((err) => logger.error({ what: 'group_handler_failed', group, err }));
  }

  get group(): string {
    return this.#watcher.group;
  }
  get epoch(): number {
    return this.#watcher.epoch;
  }
  get members(): readonly MemberRow[] {
    return this.#watcher.members;
  }
  get incarnation(): string {
    return this.#incarnation;
  }
  get isFenced(): boolean {
    return !this.mayAct();
  }

  isCurrent(id: string, incarnation: string): boolean {
    return this.#watcher.isCurrent(id, incarnation);
  }
  noticeEpoch(epoch: number): void {
    this.#watcher.noticeEpoch(epoch);
  }
  onChange(handler: (view: GroupView) => void): () => void {
    return this.#watcher.onChange(handler);
  }
  onLost(handler: () => void): () => void {
    return this.#lost.add(handler);
  }

  mayAct(): boolean {
    if (this.#state !== 'member') return false;
    if (this.#fence.isOpen) return true;
    this.#fall('silent');
    // In a turn of its own: whoever has asked is in the middle of something.
    queueMicrotask(() => this.#tellLoss());
    return false;
  }

  /** Resolves when it is in the document. @throws RecordsUnavailableError, RecordConflictError when that took too long */
  async start(): Promise<void> {
    const { config, group } = this.#options;
    const { clock, metrics } = this.#watcher;
    this.#watcher.start();
    this.#undo.push(metrics.fenced.track(() => Number(this.#state !== 'member' || !this.#fence.isOpen), { group }));
    const deadlineMs = clock.nowMs() + config.joinTimeoutMs;
    while (this.#state === 'joining') {
      try {
        // Whoever has this id is a process that this one replaces.
        await this.#join(() => true);
      } catch (error) {
        // Policy: a stream without a leader gets one within seconds.
        if (!isExpected(error) || clock.nowMs() >= deadlineMs) {
          await this.close();
          throw error;
        }
        await new Promise<void>((resolve) => clock.after(config.heartbeatMs, resolve));
      }
    }
    this.#undo.push(clock.every(config.heartbeatMs, () => this.#onTick()));
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#fence.shut();
    for (const undo of this.#undo.splice(0)) undo();
    await this.#watcher.close();
    const own = new Set([...this.#formers, this.#incarnation]);
    try {
      await this.#watcher.change((document) => withoutMembers(document, (member) => own.has(member.incarnation)));
    } catch (err) {
      // Policy: then the others find out by its silence.
      this.#options.logger.warn({ what: 'group_leave_failed', group: this.group, err });
    }
  }

  #onTick(): void {
    if (this.#state === 'joining') void this.#rejoin();
    else this.#beat();
  }

  #beat(): void {
    if (!this.mayAct()) return;
    const { id, epoch } = this;
    // Rounded down: it was not heard earlier than that.
    const sentAtMs = Math.floor(this.#watcher.clock.nowMs());
    this.#watcher.publish({ id, incarnation: this.#incarnation, epoch, sentAtMs });
  }

  #onHeartbeat({ id, incarnation, sentAtMs }: Heartbeat): void {
    // mayAct() also because what comes after a pause is heard too late, whatever it says.
    if (id === this.id && incarnation === this.#incarnation && this.mayAct()) this.#fence.heard(sentAtMs);
  }

  #onDocument(document: MembershipDocument): void {
    const isIn = hasMember(document, this.id, this.#incarnation);
    if (this.#state === 'joining' && isIn) this.#enter(document);
    else if (this.#state === 'member' && !isIn) {
      this.#fall(document.members.some(({ id }) => id === this.id) ? 'replaced' : 'evicted');
      this.#tellLoss();
    }
  }

  #enter({ epoch }: MembershipDocument): void {
    this.#state = 'member';
    this.#formers.clear();
    // The others listen for it since they have read of it, which was later.
    this.#fence.open(this.#askedAtMs);
    this.#options.logger.info({ what: 'group_joined', group: this.group, epoch, incarnation: this.#incarnation });
    this.#beat();
  }

  /** From here on it may not act, and has another name. */
  #fall(reason: LossReason): void {
    const { group, logger } = this.#options;
    this.#state = 'joining';
    this.#fence.shut();
    this.#renew();
    this.#watcher.metrics.losses.inc(1, { group, reason });
    logger.warn({ what: 'membership_lost', group, reason, epoch: this.epoch });
  }

  #tellLoss(): void {
    if (this.#state === 'closed') return;
    this.#lost.call();
    void this.#rejoin();
  }

  #renew(): void {
    this.#formers.add(this.#incarnation);
    for (const oldest of this.#formers) {
      if (this.#formers.size <= FORMERS_MAX) break;
      this.#formers.delete(oldest);
    }
    this.#incarnation = newIncarnation();
  }

  async #rejoin(): Promise<void> {
    if (this.#isJoining || this.#state !== 'joining') return;
    this.#isJoining = true;
    try {
      // Another process under this id has come later: while it lives, the id is its. Two that take it from each other would never end.
      await this.#join((incarnation) => this.#formers.has(incarnation));
    } catch (err) {
      // Policy: the next tick tries again.
      if (!isExpected(err)) this.#options.logger.error({ what: 'group_change_failed', group: this.group, err });
    } finally {
      this.#isJoining = false;
    }
  }

  /** @param mayReplace whether an entry of the same id with this incarnation may be taken out */
  async #join(mayReplace: (incarnation: string) => boolean): Promise<void> {
    const { id } = this;
    try {
      await this.#watcher.change((document) => {
        const present = document.members.find((member) => member.id === id);
        if (this.#state !== 'joining' || (present && !mayReplace(present.incarnation))) return document;
        this.#askedAtMs = this.#watcher.clock.nowMs();
        return withMember(document, id, this.#incarnation, this.epoch);
      });
    } catch (error) {
      // Policy: it may have been written all the same, and the others may be listening since then: that one must not be used.
      if (this.#state === 'joining') this.#renew();
      throw error;
    }
  }

  /** Whoever finds no document makes it anew with himself; the others find themselves out, and join. */
  async #restore(): Promise<void> {
    try {
      await this.#watcher.change((document) =>
        document.epoch > 0 || !this.mayAct() ? document : withMember(document, this.id, this.#incarnation, this.epoch),
      );
    } catch (err) {
      // Policy: the next reading finds it missing again.
      if (!isExpected(err)) this.#options.logger.error({ what: 'group_change_failed', group: this.group, err });
    }
  }
}
