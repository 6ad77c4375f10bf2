import { comparePositions, type Position, type UnackedStanza } from '@starling/contracts';
import type { ArchiveSpan } from '@starling/feature-api';
import { AckQueue, wrap } from '@starling/sm-queue';

/** What an entry of the queue takes beside the bytes of its stanza. */
const ITEM_BYTES = 100;

/** A stanza that was sent: what a record says of it, and its bytes while they are here. */
export interface Kept {
  readonly position: Position | undefined;
  readonly stanza: Uint8Array;
  readonly answers: string;
}

/** Bounds and habits of stream management, from EdgeConfig. */
export interface ManagedStreamOptions {
  /** How long the client may be away, in ms; 0: the session cannot be resumed. */
  readonly windowMs: number;
  /** Stanzas of the client that were handled before. */
  readonly base: number;
  /** Of resumptions. */
  readonly epoch: number;
  /** Stanzas that the client has acknowledged before, as it counts. */
  readonly acked: number;
  /** Unacknowledged stanzas after which the client is asked at once. */
  readonly askAfter: number;
  readonly queueMax: number;
  readonly queueBytesMax: number;
  /** Ids of requests of the client that are remembered until it has acknowledged the answer. */
  readonly requestsMax: number;
  /** The client does not acknowledge, and no more is kept for it. */
  readonly onFull: () => void;
}

/** Stream management of one session (XEP-0198 §4): what its client has not acknowledged, and what the edge has told it. */
export class ManagedStream {
  readonly windowMs: number;
  readonly base: number;
  readonly epoch: number;
  readonly queue: AckQueue<Kept>;
  /** Requests of the client whose answers it has not acknowledged, in the order in which they came. */
  readonly openRequests: Set<string>;
  /** An `<r/>` is on its way. */
  isAsking = false;
  /** `<r/>`s of the client without an answer. */
  unansweredAsks = 0;
  /** Of those, the latest moment is guarded by this. */
  answerTimer: NodeJS.Timeout | undefined;
  /** Revision of the record that is stored, 0 before the first; and up to which stanza of the client it says that all is handled. */
  revision = 0;
  storedHandled: number;
  /** The last record that is stored does not say what is true now: since when (performance.now()); 0: it does. */
  changedAt = 0;
  /** When a record was stored last (performance.now()). */
  storedAt = 0;
  /** What came in order of the log was delivered up to here with the last of the queue, where that is not what the feed says. */
  reached: Position | undefined;
  /** Entries of the log are delivered to it by its replay, up to where that has come. */
  isReplaying = false;
  /** At or below it nothing of the log is delivered again. */
  floor: Position | undefined;
  /** Nothing is kept any more: what follows `reached` comes from the archive. */
  isCut = false;
  /** Sequences of entries for its resource alone that the client has not got, and whether the archive is told when it has. */
  readonly direct = new Map<number, boolean>();
  /** Likewise parts of its archive: when the client has acknowledged so many stanzas. Each has sent some, so the queue bounds them. */
  readonly read: { readonly sent: number; readonly span: ArchiveSpan }[] = [];
  /** Another edge goes on with it, or is about to: nothing of the log is delivered to it here, and what is live only until its record is made. */
  isReleased = false;
  /** That record is made. */
  isSealed = false;
  /** And its record says all. */
  isWhole = false;
  /** Since when its client has no connection (Unix ms); 0: it has one. */
  detachedAt = 0;
  readonly #options: ManagedStreamOptions;

  constructor(options: ManagedStreamOptions) {
    this.#options = options;
    this.windowMs = options.windowMs;
    this.base = options.base;
    this.epoch = options.epoch;
    this.storedHandled = options.base;
    this.openRequests = new Set();
    this.queue = new AckQueue<Kept>({
      sizeOf: ({ stanza }) => stanza.length + ITEM_BYTES,
      max: options.queueMax,
      bytesMax: options.queueBytesMax,
      acked: options.acked,
    });
  }

  get isResumable(): boolean {
    return this.windowMs > 0;
  }

  /** Whether so much waits that the client is asked now. */
  get asksNow(): boolean {
    return !this.isAsking && this.queue.length >= this.#options.askAfter;
  }

  /** Whether what is live is still kept for it. */
  get takesLive(): boolean {
    return !this.isReleased && !this.isCut;
  }

  /** Whether an entry at this place of the log, that comes live, is for the session now. */
  isDue(position: Position): boolean {
    if (this.isReplaying) return false;
    const { floor } = this;
    if (floor === undefined) return true;
    // A feed that does not know its epoch yet is in that of what was delivered last.
    const at = position.epoch === 0 ? { ...position, epoch: floor.epoch } : position;
    if (comparePositions(at, floor) <= 0) return false;
    this.floor = undefined;
    return true;
  }

  /** A stanza is about to be sent. False: it must not be, the session takes nothing any more. */
  keep(stanza: Uint8Array, position: Position | undefined, answers: string): boolean {
    if (this.isCut || this.isSealed || (this.isReleased && position !== undefined)) return false;
    this.queue.push({ position, stanza, answers });
    if (this.changedAt === 0) this.changedAt = performance.now();
    if (this.queue.isFull) this.#options.onFull();
    return true;
  }

  /** The client has sent a request. The oldest are forgotten: it hears nothing of them should their answers be lost. */
  asked(id: string): void {
    this.openRequests.add(id);
    if (this.openRequests.size <= this.#options.requestsMax) return;
    for (const oldest of this.openRequests) {
      this.openRequests.delete(oldest);
      return;
    }
  }

  /** The client has got `h` stanzas. Returns those that it has got now. @throws HandledTooHighError */
  acknowledged(h: number): readonly Kept[] {
    this.isAsking = false;
    return this.forget(this.queue.ack(h));
  }

  /** These have arrived. */
  forget(taken: readonly Kept[]): readonly Kept[] {
    for (const { answers } of taken) if (answers !== '') this.openRequests.delete(answers);
    if (taken.length > 0 && this.changedAt === 0) this.changedAt = performance.now();
    return taken;
  }

  /** Requests of the client that nothing of the queue answers. */
  get unanswered(): readonly string[] {
    const answered = new Set(Array.from(this.queue, ({ answers }) => answers));
    return [...this.openRequests].filter((id) => !answered.has(id));
  }

  /** Whether something waits that no log has. */
  get hasLive(): boolean {
    for (const { position } of this.queue) if (position === undefined) return true;
    return false;
  }

  /** How many stanzas `handled` are for the client, which began to count when it enabled this. */
  countOf(handled: number): number {
    return wrap(handled - this.base);
  }

  /** The first entry of the log that was sent and not acknowledged. */
  get firstUnacked(): Position | undefined {
    let first: Position | undefined;
    for (const { position } of this.queue)
      if (position !== undefined && (first === undefined || comparePositions(position, first) < 0)) first = position;
    return first;
  }

  /** Up to where its client has got all that was for its resource alone; undefined when nothing of that is open. */
  get directUpTo(): Position | undefined {
    // Behind this nothing was kept for it.
    let first = this.isCut || this.isReplaying ? this.reached : undefined;
    for (const { position } of this.queue) {
      if (position === undefined || !this.direct.has(position.sequence)) continue;
      const before = { epoch: position.epoch, sequence: position.sequence - 1 };
      if (first === undefined || comparePositions(before, first) < 0) first = before;
    }
    return first;
  }

  /** How the queue stands in a record: with the bytes of what is live, as long as there is room. */
  queueFor(bytesMax: number): readonly UnackedStanza[] {
    let room = bytesMax;
    return Array.from(this.queue, ({ position, stanza, answers }) => {
      if (position !== undefined) return { position, stanza: undefined, answers };
      room -= stanza.length;
      return { position: undefined, stanza: room >= 0 ? stanza : undefined, answers };
    });
  }
}
