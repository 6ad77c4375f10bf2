import type { Commit } from '@starling/bus';
import { type ArchivedEntry, comparePositions, type Position } from '@starling/contracts';
import { appended, EMPTY } from '@starling/runtime';

/** How a gap showed: by an entry behind it, by a digest, by the stream being another one. */
export type GapCause = 'missed' | 'digest' | 'epoch';

/** What a feed needs of its surroundings. */
export interface FeedHost {
  /** An entry, in its place in the log's order. The epoch is 0 while it is not known. */
  deliver(entry: Uint8Array, position: Position): void;
  /** The epoch of the log's stream; 0 while it is not known (the archive has been away since the edge started). */
  epoch(): number;
  /** Whether a committed entry that comes now may be of this epoch: not when the stream was made anew, or may have been. */
  isCurrent(epoch: number): boolean;
  /** Entries behind `after` up to `upTo`, in order; `complete` false: there are more. Rejects when the archive cannot answer now. */
  fetch(after: Position, upTo: Position): Promise<{ entries: readonly ArchivedEntry[]; complete: boolean }>;
  /** How long what is missing may still come by itself: re-publications can overtake one another, and a digest can overtake them. */
  readonly graceMs: number;
  /** How long to wait before the next attempt of a fetch that failed. */
  readonly retryMs: number;
  /** Entries kept while a gap is fetched; what is beyond is fetched too. */
  readonly heldMax: number;
  onGap(cause: GapCause): void;
}

interface Held {
  readonly sequence: number;
  readonly previous: number;
  readonly data: Uint8Array;
}

/**
 * One user's log as one edge sees it: every entry once and in order, whatever was lost, doubled or overtaken on the way. L, the last
 * position, is what has been delivered; at or below it an entry is dropped, and when something is missing below an entry that is
 * fetched from the archive first.
 */
export class Feed {
  readonly #host: FeedHost;
  /** L. Undefined until the first sign of where the log ends. */
  #last: Position | undefined;
  /** The log is known to go up to here; what of it is still missing after the grace is fetched. */
  #missing: { readonly position: Position; readonly cause: GapCause } | undefined;
  /** While a gap is being fetched: up to where. */
  #wanted: Position | undefined;
  /** Entries that came before those in front of them. */
  #held: Held[] = EMPTY;
  /** Who waits until all up to a place has been delivered. */
  #waiting: { readonly position: Position; readonly resolve: () => void }[] = EMPTY;
  /** Before the first entry, when it was not known where the log ends. */
  #begin: Position | undefined;
  /** How many want that nothing is delivered now. */
  #halts = 0;
  #grace: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(host: FeedHost) {
    this.#host = host;
  }

  get last(): Position | undefined {
    return this.#last;
  }

  /** Where this feed begins, if that was learnt from its first entry only. */
  get begin(): Position | undefined {
    return this.#begin;
  }

  /** Delivers nothing until go() was called as often: what comes is kept, as behind a gap, so L stays where it is. */
  halt(): void {
    this.#halts++;
  }

  go(): void {
    this.#halts--;
    if (this.#halts > 0 || this.#closed) return;
    if (this.#wanted === undefined) this.#release();
    if (this.#missing !== undefined) this.#grace ??= setTimeout(() => this.#afterGrace(), this.#host.graceMs);
  }

  /** Where the log ended when the first session was bound; what came in before is not taken back. */
  startAt(position: Position): void {
    this.#learnEpoch(position.epoch);
    if (this.#last === undefined || comparePositions(position, this.#last) > 0) this.#last = position;
    this.known();
  }

  /** The stream may have been made anew: what is held behind a gap was of the old one, and is fetched with the rest. */
  doubt(): void {
    const last = this.#last;
    if (last === undefined || this.#held.length === 0) return;
    const sequence = this.#held.reduce((most, held) => Math.max(most, held.sequence), 0);
    this.#held = EMPTY;
    this.#expect({ epoch: last.epoch, sequence }, 'missed');
  }

  /** It may be known now of which epoch that is which is held. */
  known(): void {
    this.#tell();
    if (this.#held.length > 0 && this.#halts === 0 && this.#wanted === undefined) this.#release();
  }

  /** The archive knows of nothing behind L, and is in this epoch. */
  settled(epoch: number): void {
    this.#learnEpoch(epoch);
    if (this.#last !== undefined && epoch > this.#last.epoch) this.#last = { epoch, sequence: 0 };
    this.known();
  }

  /** A committed entry, as the log re-published it. */
  committed({ sequence, previous }: Commit, data: Uint8Array): void {
    const last = this.#last;
    if (!this.#host.isCurrent(last === undefined ? this.#host.epoch() : last.epoch)) {
      // What there is no room for is named by the archive's next digest, as all of it is.
      if (this.#held.length < this.#host.heldMax) this.#held = appended(this.#held, { sequence, previous, data });
    } else if (this.#halts > 0) {
      if (last === undefined || sequence > last.sequence) this.#hold({ sequence, previous, data });
    } else if (last === undefined) {
      this.#begin = { epoch: this.#host.epoch(), sequence: sequence - 1 };
      this.#deliver(this.#host.epoch(), sequence, data);
    } else if (sequence <= last.sequence) {
      return;
    } else if (previous <= last.sequence && this.#wanted === undefined) {
      this.#deliver(last.epoch, sequence, data);
      if (this.#held.length > 0) this.#release();
    } else {
      this.#hold({ sequence, previous, data });
      this.#expect({ epoch: last.epoch, sequence: previous }, 'missed');
    }
  }

  /** The archive says that the log goes up to here: from a digest, or because it was asked after a reconnect. */
  reaches(position: Position): void {
    this.#learnEpoch(position.epoch);
    const last = this.#last;
    if (last === undefined || comparePositions(position, last) <= 0) return;
    this.#expect(position, position.epoch === last.epoch ? 'digest' : 'epoch');
  }

  /** As reaches; resolves when all up to there has been delivered, or it is closed. */
  delivered(position: Position): Promise<void> {
    this.reaches(position);
    return new Promise((resolve) => {
      this.#waiting = appended(this.#waiting, { position, resolve });
      this.#tell();
    });
  }

  close(): void {
    this.#closed = true;
    this.#tell();
    clearTimeout(this.#grace);
    clearTimeout(this.#retry);
    this.#held = EMPTY;
  }

  #deliver(epoch: number, sequence: number, data: Uint8Array): void {
    const position = { epoch, sequence };
    this.#last = position;
    this.#host.deliver(data, position);
    this.#tell();
  }

  #tell(): void {
    if (this.#waiting.length === 0) return;
    const last = this.#last;
    const isDone = (position: Position) =>
      this.#closed || (last !== undefined && comparePositions(last, position) >= 0);
    const done = this.#waiting.filter(({ position }) => isDone(position));
    const rest = this.#waiting.filter(({ position }) => !isDone(position));
    this.#waiting = rest.length === 0 ? EMPTY : rest;
    for (const { resolve } of done) resolve();
  }

  /** An epoch that was not known when L was set is the one that L was in; so is that of what was seen to be missing since. */
  #learnEpoch(epoch: number): void {
    const known = (position: Position): Position => (position.epoch === 0 ? { ...position, epoch } : position);
    if (this.#last?.epoch !== 0) return;
    this.#last = known(this.#last);
    if (this.#wanted !== undefined) this.#wanted = known(this.#wanted);
    if (this.#missing !== undefined) this.#missing = { ...this.#missing, position: known(this.#missing.position) };
  }

  /** Keeps an entry; when there are too many it is fetched with the others instead. */
  #hold(entry: Held): void {
    if (this.#held.length < this.#host.heldMax) this.#held = appended(this.#held, entry);
    else this.#expect({ epoch: this.#last?.epoch ?? this.#host.epoch(), sequence: entry.sequence }, 'missed');
  }

  #expect(position: Position, cause: GapCause): void {
    if (this.#wanted !== undefined) {
      if (comparePositions(position, this.#wanted) > 0) this.#wanted = position;
      return;
    }
    if (this.#missing === undefined || comparePositions(position, this.#missing.position) > 0)
      this.#missing = { position, cause };
    this.#grace ??= setTimeout(() => this.#afterGrace(), this.#host.graceMs);
  }

  #afterGrace(): void {
    this.#grace = undefined;
    if (this.#halts > 0) return;
    const missing = this.#missing;
    this.#missing = undefined;
    if (missing === undefined || this.#last === undefined || comparePositions(missing.position, this.#last) <= 0)
      return;
    this.#host.onGap(missing.cause);
    this.#wanted = missing.position;
    void this.#fetch();
  }

  /** Fetches page after page until what was wanted is there, then goes on with what was held. */
  async #fetch(): Promise<void> {
    while (!this.#closed && this.#last !== undefined && this.#wanted !== undefined) {
      if (comparePositions(this.#wanted, this.#last) <= 0) {
        this.#wanted = undefined;
        this.#tell();
        this.#release();
        return;
      }
      this.#learnEpoch(this.#host.epoch());
      const upTo = this.#wanted;
      if (this.#last.epoch === 0 || this.#halts > 0) {
        await this.#pause();
        continue;
      }
      const before = this.#last;
      try {
        const { entries, complete } = await this.#host.fetch(before, upTo);
        if (this.#closed) return;
        if (this.#halts > 0) continue; // asked for again when it goes on
        for (const entry of entries) this.#take(entry);
        // The rest never was for a reader: refused by the gatekeeper, or erased.
        if (complete && comparePositions(upTo, this.#last) > 0) this.#last = upTo;
        // An archive that has not yet read so far has nothing new to say.
        if (this.#last === before) await this.#pause();
      } catch {
        // Policy: the archive is away or slow. Nothing is lost, so try again for as long as somebody is interested.
        await this.#pause();
      }
    }
  }

  #take(entry: ArchivedEntry): void {
    if (this.#last === undefined || comparePositions(entry.position, this.#last) <= 0) return;
    this.#last = entry.position;
    this.#host.deliver(entry.envelope, entry.position);
  }

  /** Delivers what was held, as far as nothing is missing in front of it. */
  #release(): void {
    const held = this.#held.toSorted((a, b) => a.sequence - b.sequence);
    this.#held = EMPTY;
    for (const { sequence, previous, data } of held) this.committed({ stream: 0, sequence, previous }, data);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#retry = setTimeout(resolve, this.#host.retryMs);
    });
  }
}
