import { setTimeout as pause } from 'node:timers/promises';
import { type Bus, call } from '@starling/bus';
import { type ArchivedEntry, archive, comparePositions, type Position, type UnackedStanza } from '@starling/contracts';
import type { Logger } from '@starling/runtime';
import type { EdgeConfig } from '../config.ts';
import type { FollowedUser } from '../followed-user.ts';
import type { EdgeMetrics } from '../metrics.ts';
import type { ClientSession } from '../session.ts';
import type { ManagedStream } from './managed-stream.ts';

/** Between two attempts while the archive is away. */
const RETRY_MS = 500;
/** Who has not caught up with the log after so many rounds makes it wait, once. */
const ROUNDS_FREE = 3;
/** A client that has more than this to take gets no further page yet. */
const BUFFERED_BYTES_MAX = 256 * 1024;
const DRAIN_POLL_MS = 20;
const WAITED_POLL_MS = 20;
const DRAIN_MS = 10_000;

/** What a session of which this is the rest has not got. */
export interface Rest {
  /** Sent and not acknowledged, in order. */
  readonly queue: readonly UnackedStanza[];
  /** The log was delivered up to here with the last of it; undefined: nobody knows, nothing of the log follows. */
  readonly after: Position | undefined;
  /** Since when it got what comes; in front of it stands what had waited offline. */
  readonly since: Position | undefined;
  /** That had all been delivered; else it is delivered anew. */
  readonly served: boolean;
}

/** How entries reach the session: as they would have come. */
export interface ReplaySink {
  /** `kept`: it had been sent to it before. */
  replay(user: FollowedUser, session: ClientSession, entry: ArchivedEntry, kept: boolean): boolean;
  offline(user: FollowedUser, session: ClientSession, entry: ArchivedEntry): boolean;
}

export interface ReplayOptions {
  readonly bus: Bus;
  readonly config: Pick<EdgeConfig, 'gapPageMax' | 'rpcTimeoutMs'>;
  readonly sink: ReplaySink;
  /** Asks once where the user's log ends, for a feed that does not know; never rejects. */
  readonly findEnd: (user: FollowedUser, reached: Position) => Promise<void>;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
}

/** Brings a session that goes on up to date (XEP-0198 §5): what its client has not acknowledged, then what came meanwhile, in the order of the log. */
export class Replay {
  readonly #options: ReplayOptions;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** Resolves when it gets what comes live, or is over. Never rejects. */
  async run(user: FollowedUser, session: ClientSession, sm: ManagedStream, rest: Rest): Promise<void> {
    sm.reached = rest.after;
    await this.#unacked(user, session, rest);
    if (rest.after === undefined) goesOn(sm);
    else await this.#missed(user, session, sm, rest.after);
  }

  async #unacked(user: FollowedUser, session: ClientSession, { queue, since, served }: Rest): Promise<void> {
    const wanted = queue.flatMap(({ position }) => (position === undefined ? [] : [position]));
    const entries = await this.#read(user, session, wanted);
    await whatWaited(user, session);
    const { sink, metrics } = this.#options;
    let count = 0;
    for (const { position, stanza, answers } of queue) {
      if (position === undefined) {
        if (stanza === undefined) continue; // what it was is told by repairs
        session.deliver(stanza, undefined, answers);
        count++;
        continue;
      }
      const entry = entries.get(keyOf(position));
      if (entry === undefined) continue; // erased since, with all of its account
      const waited = since !== undefined && comparePositions(position, since) <= 0;
      if (waited && !served) continue;
      if (waited ? sink.offline(user, session, entry) : sink.replay(user, session, entry, true)) count++;
    }
    if (count > 0) metrics.smReplayed.inc(count, { from: 'queue' });
  }

  /** Entries at these positions, read in order from the first to the last. */
  async #read(user: FollowedUser, session: ClientSession, wanted: readonly Position[]) {
    const found = new Map<string, ArchivedEntry>();
    const sorted = [...wanted].sort(comparePositions);
    const last = sorted.at(-1);
    const missing = new Set(sorted.map(keyOf));
    for (let first = sorted[0]; first !== undefined && last !== undefined; ) {
      const after: Position = { epoch: first.epoch, sequence: first.sequence - 1 };
      const page = await this.#page(user, session, after, last);
      if (page === undefined) break;
      for (const entry of page.entries)
        if (missing.delete(keyOf(entry.position))) found.set(keyOf(entry.position), entry);
      const reached = page.entries.at(-1)?.position;
      if (page.complete || reached === undefined) break;
      // What lies between two that are wanted is not read.
      first = sorted.find((position) => comparePositions(position, reached) > 0);
    }
    return found;
  }

  async #missed(user: FollowedUser, session: ClientSession, sm: ManagedStream, after: Position): Promise<void> {
    const { sink, metrics } = this.#options;
    let reached = after;
    let halts = false;
    await this.#untilEndIsKnown(user, session, after);
    try {
      for (let round = 0; !session.ended; round++) {
        const end = user.feed.last;
        if (end === undefined || comparePositions(known(end, reached), reached) <= 0) return;
        if (round >= ROUNDS_FREE && !halts) {
          halts = true;
          user.feed.halt();
          continue;
        }
        const page = await this.#page(user, session, reached, known(end, reached));
        if (page === undefined) return;
        await whatWaited(user, session);
        if (sm.isReleased || sm.isCut) return;
        let count = 0;
        for (const entry of page.entries) {
          if (comparePositions(entry.position, reached) <= 0) continue;
          if (sm.isReleased || sm.isCut) return; // from here on nothing is kept for it
          if (sink.replay(user, session, entry, false)) count++;
          reached = entry.position;
          sm.reached = reached;
        }
        if (count > 0) metrics.smReplayed.inc(count, { from: 'log' });
        if (page.complete) reached = known(end, reached);
        sm.reached = reached;
        await drained(session);
      }
    } finally {
      // Before what waits is let go: that comes live, and is its own, too.
      goesOn(sm);
      if (halts) user.feed.go();
    }
  }

  /** An archive that died with the edge could not say it at the bind; without it nobody knows what was missed. */
  async #untilEndIsKnown(user: FollowedUser, session: ClientSession, reached: Position): Promise<void> {
    while (user.feed.last === undefined && !session.ended && session.sm?.isReleased !== true) {
      await this.#options.findEnd(user, reached);
      if (user.feed.last === undefined) await pause(RETRY_MS, undefined, { ref: false });
    }
  }

  /** Asked again as long as the archive is away; undefined when the session is over. */
  async #page(user: FollowedUser, session: ClientSession, after: Position, upTo: Position) {
    const { bus, config, log } = this.#options;
    while (!session.ended && session.sm?.isReleased !== true) {
      try {
        const request = { user: user.jid, after, upTo, limit: config.gapPageMax };
        return await call(bus, archive.gap(user.stream), request, config.rpcTimeoutMs);
      } catch (error) {
        // Policy: the archive is away. Nothing is lost, what comes live waits behind it.
        log.debug({ what: 'session_replay_failed', session: session.id, err: error });
        await pause(RETRY_MS, undefined, { ref: false });
      }
    }
    return undefined;
  }
}

/** From now on what comes live is for it; unless it is to go on elsewhere, from where this has come. */
function goesOn(sm: ManagedStream): void {
  if (sm.isReleased || sm.isCut) return;
  sm.isReplaying = false;
  sm.floor = sm.reached;
  sm.reached = undefined;
}

const keyOf = ({ epoch, sequence }: Position): string => `${epoch}/${sequence}`;

/** A feed that does not know its epoch yet is in that of what was delivered last. */
const known = (position: Position, { epoch }: Position): Position =>
  position.epoch === 0 ? { epoch, sequence: position.sequence } : position;

/** What waits offline is in front of all this in the log; as what comes live it waits for that, once. */
async function whatWaited({ coverage }: FollowedUser, session: ClientSession): Promise<void> {
  while (!session.ended && coverage.of(session)?.halts) await pause(WAITED_POLL_MS);
}

async function drained(session: ClientSession): Promise<void> {
  const deadline = performance.now() + DRAIN_MS;
  while (session.bufferedBytes > BUFFERED_BYTES_MAX && performance.now() < deadline) await pause(DRAIN_POLL_MS);
}
