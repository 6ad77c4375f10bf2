import type { Commit } from '@starling/bus';
import { type ArchivedEntry, comparePositions, type Position } from '@starling/contracts';

/** What a feed needs of its surroundings. */
export interface FeedHost {
  /** An entry, in its place in the log's order. */
  deliver(entry: Uint8Array): void;
  /** The epoch of the log's stream; 0 while it is not known (the archive has been away since the edge started). */
  epoch(): number;
  /** Entries behind `after` up to `upTo`, in order; `complete` false: there are more. Rejects when the archive cannot answer now. */
  fetch(after: Position, upTo: Position): Promise<{ entries: readonly ArchivedEntry[]; complete: boolean }>;
  /** How long to wait before the next attempt of a fetch that failed. */
  readonly retryMs: number;
  /** Entries kept while a gap is fetched; what is beyond is fetched too. */
  readonly heldMax: number;
  onGap(cause: 'missed' | 'digest' | 'epoch'): void;
}

interface Held {
  readonly sequence: number;
  readonly data: Uint8Array;
}

/**
 * One user's log as one edge sees it: every entry once and in order, whatever was lost or doubled on the way. L, the last
 * position, is what has been delivered; at or below it an entry is dropped, and when something is missing below an entry it is
 * fetched from the archive first.
 */
export class Feed {
  readonly #host: FeedHost;
  /** L. Undefined until the first sign of where the log ends. */
  #last: Position | undefined;
  /** While a gap is being fetched: up to where, and what came meanwhile. */
  #wanted: Position | undefined;
  #held: Held[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(host: FeedHost) {
    this.#host = host;
  }

  get last(): Position | undefined {
    return this.#last;
  }

  /** Where the log ended when the first session was bound; what came in before is not taken back. */
  startAt(position: Position): void {
    if (this.#last === undefined || position.epoch !== this.#last.epoch) this.#last = position;
  }

  /** A committed entry, as the log re-published it. */
  committed({ sequence, previous }: Commit, data: Uint8Array): void {
    const last = this.#last;
    if (this.#wanted !== undefined) {
      this.#hold(sequence, data);
    } else if (last === undefined) {
      this.#last = { epoch: this.#host.epoch(), sequence };
      this.#host.deliver(data);
    } else if (sequence > last.sequence) {
      if (previous > last.sequence) {
        this.#host.onGap('missed');
        this.#hold(sequence, data);
        this.#fetchUpTo({ epoch: last.epoch, sequence: previous });
      } else {
        this.#last = { epoch: last.epoch, sequence };
        this.#host.deliver(data);
      }
    }
  }

  /** The archive says that the log goes up to here: from a digest, or because it was asked after a reconnect. */
  reaches(position: Position): void {
    this.#learnEpoch(position.epoch);
    const last = this.#last;
    if (last === undefined || comparePositions(position, last) <= 0) return;
    if (this.#wanted !== undefined && comparePositions(position, this.#wanted) <= 0) return;
    this.#host.onGap(position.epoch === last.epoch ? 'digest' : 'epoch');
    this.#fetchUpTo(position);
  }

  /** An epoch that was not known when L was set is the one that L was in. */
  #learnEpoch(epoch: number): void {
    if (this.#last?.epoch === 0) this.#last = { epoch, sequence: this.#last.sequence };
    if (this.#wanted?.epoch === 0) this.#wanted = { epoch, sequence: this.#wanted.sequence };
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#held = [];
  }

  #hold(sequence: number, data: Uint8Array): void {
    if (this.#held.length < this.#host.heldMax) {
      this.#held.push({ sequence, data });
    } else if (this.#wanted !== undefined && sequence > this.#wanted.sequence) {
      this.#wanted = { epoch: this.#wanted.epoch, sequence };
    }
  }

  #fetchUpTo(position: Position): void {
    const running = this.#wanted !== undefined;
    this.#wanted = position;
    if (!running) void this.#fetch();
  }

  /** Fetches page after page until what was wanted is there, then goes on with what was held. */
  async #fetch(): Promise<void> {
    while (!this.#closed && this.#last !== undefined && this.#wanted !== undefined) {
      if (comparePositions(this.#wanted, this.#last) <= 0) {
        this.#wanted = undefined;
        this.#release();
        return;
      }
      this.#learnEpoch(this.#host.epoch());
      const upTo = this.#wanted;
      if (this.#last.epoch === 0) {
        await this.#pause();
        continue;
      }
      try {
        const { entries, complete } = await this.#host.fetch(this.#last, upTo);
        if (this.#closed) return;
        for (const entry of entries) this.#take(entry);
        if (complete && comparePositions(upTo, this.#last) > 0) this.#last = upTo; // the rest never was for a reader: not archived, erased
      } catch {
        // Policy: the archive is away or slow. Nothing is lost, so try again for as long as somebody is interested.
        await this.#pause();
      }
    }
  }

  #take(entry: ArchivedEntry): void {
    if (this.#last === undefined || comparePositions(entry.position, this.#last) <= 0) return;
    this.#last = entry.position;
    this.#host.deliver(entry.envelope);
  }

  #release(): void {
    const held = this.#held.sort((a, b) => a.sequence - b.sequence);
    this.#held = [];
    for (const { sequence, data } of held) {
      if (this.#last === undefined || sequence <= this.#last.sequence) continue;
      this.#last = { epoch: this.#last.epoch, sequence };
      this.#host.deliver(data);
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#timer = setTimeout(resolve, this.#host.retryMs);
      this.#timer.unref();
    });
  }
}
