import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  addHash,
  PARTITIONS,
  type PartitionState,
  partitionOf,
  type SessionEvent,
  sessionHash,
} from '@starling/contracts';
import { type BareJid, bareOf, type Jid } from '@starling/jid';
import type { ClientSession } from '../session.ts';
import { eventBytes, type NodeBatches } from './node-batches.ts';
import type { SessionsByPartition } from './shown.ts';

/** Sessions in one piece of a partition's state, and what their clients have put into it: a message has to hold it. */
const PIECE_SESSIONS = 100;
const PIECE_BYTES_MAX = 256 * 1024;
/** What is looked at before others have a turn of the loop. */
const STEPS_A_TURN = 5_000;
/** Parts in which the digests of all sessions are made, a turn each: of fifty thousand at once nobody would be heard meanwhile. */
const DIGEST_TURNS = 32;
/** Losses often come together: what was missed is asked for once. */
const MISSED_PAUSE_MS = 250;

const ALL: ReadonlySet<number> = new Set(Array.from({ length: PARTITIONS }, (_, p) => p));
const NONE: ReadonlySet<number> = new Set();

/** How views and owners become right again, whatever was lost (ADR 7): this edge's part. */
export class Healing {
  readonly #sessions: () => SessionsByPartition;
  readonly #edge: string;
  readonly #batches: NodeBatches;
  readonly #digests: NodeJS.Timeout;
  /** Partitions that are repaired at each digest, a fraction perhaps. */
  readonly #repairStep: number;
  #repairAt = 0;
  #missed: NodeJS.Timeout | undefined;
  #isBeating = false;
  #isStopped = false;

  constructor(options: {
    sessions: () => SessionsByPartition;
    edge: string;
    batches: NodeBatches;
    digestMs: number;
    /** In which everything is compared once. */
    repairMs: number;
  }) {
    this.#sessions = options.sessions;
    this.#edge = options.edge;
    this.#batches = options.batches;
    this.#repairStep = Math.min(PARTITIONS, (PARTITIONS * options.digestMs) / options.repairMs);
    this.#digests = setInterval(() => void this.#beat(), options.digestMs);
    this.#digests.unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#digests);
    clearTimeout(this.#missed);
  }

  /** Other nodes own these partitions now: they get the sessions, and what was shown of them, and to them, is asked for. */
  moved(partitions: ReadonlySet<number>): void {
    this.#tellStates(partitions, false);
    void this.#askSeen(partitions, partitions);
  }

  /** A node asks for the state of partitions: what it had been asked about them may not have arrived either. */
  wanted(partitions: readonly number[]): void {
    this.#compare(new Set(partitions));
  }

  /** What was sent to this edge, or by it, may not have arrived. */
  missed(): void {
    this.#missed ??= setTimeout(() => {
      this.#missed = undefined;
      this.#compare(ALL);
    }, MISSED_PAUSE_MS);
  }

  /** Somebody was told that it has gone, with a stamp that would hide what it says: it is there, and says so above that. */
  contradict(session: ClientSession, stamp: number): void {
    session.stamp = session.nextStamp(stamp);
    this.#batches.event(session.partition, session.event);
  }

  async #beat(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    for (let part = 0; part < DIGEST_TURNS; part++) {
      for (let partition = part; partition < PARTITIONS; partition += DIGEST_TURNS) this.#tellDigest(partition);
      await nextTurn();
      if (this.#isStopped) return;
    }
    this.#isBeating = false;
    this.#repair();
    this.#batches.beat();
  }

  /** Not every loss shows: what is left of those is found when its partition has its turn. */
  #repair(): void {
    const from = this.#repairAt;
    this.#repairAt += this.#repairStep;
    const partitions = new Set<number>();
    for (let p = Math.ceil(from); p < this.#repairAt; p++) partitions.add(p % PARTITIONS);
    this.#repairAt %= PARTITIONS;
    this.#compare(partitions);
    void this.#askWhatMayBeSeen(partitions);
  }

  /** The owners of these partitions get the sessions and tell them everything again, and are asked about what was shown of their users. */
  #compare(partitions: ReadonlySet<number>): void {
    this.#tellStates(partitions, true);
    void this.#askSeen(partitions, NONE);
  }

  /** At once, so that no later event of a session comes before it; also of partitions without sessions: that too is an answer. */
  #tellStates(partitions: ReadonlySet<number>, missed: boolean): void {
    const sessions = this.#sessions();
    for (const partition of partitions)
      for (const state of pieces(partition, [...sessions.in(partition)], missed)) this.#batches.state(state);
  }

  /** Asks about everybody who was shown and lies in one of the partitions, or was shown to a session that lies in one of the others. */
  async #askSeen(partitions: ReadonlySet<number>, watching: ReadonlySet<number>): Promise<void> {
    const stamps = new Map<string, number>();
    let steps = 0;
    for (const session of [...this.#sessions()]) {
      const isAsked = watching.has(session.partition);
      for (const [from, stamp] of session.view.available()) {
        if (++steps % STEPS_A_TURN === 0) await nextTurn();
        if (!isAsked && !partitions.has(partitionOf(bareOf(from as Jid)))) continue;
        // The oldest one that somebody has: who has a newer one drops what comes.
        if (stamp < (stamps.get(from) ?? Number.POSITIVE_INFINITY)) stamps.set(from, stamp);
      }
    }
    for (const [from, stamp] of stamps) {
      if (++steps % STEPS_A_TURN === 0) await nextTurn();
      this.#batches.seen(partitionOf(bareOf(from as Jid) as BareJid), { from, stamp });
    }
  }

  /** Whatever was shown to sessions of these partitions, and may not be seen any more, is taken back: its owner knows. */
  async #askWhatMayBeSeen(partitions: ReadonlySet<number>): Promise<void> {
    let steps = 0;
    const sessions = this.#sessions();
    for (const session of [...partitions].flatMap((partition) => [...sessions.in(partition)])) {
      const targets = new Set<string>();
      for (const [from] of session.view.available()) targets.add(bareOf(from as Jid));
      targets.delete(session.user);
      for (const target of targets) {
        if (++steps % STEPS_A_TURN === 0) await nextTurn();
        const probe = { prober: session.jid, edge: this.#edge, targets: [target], asked: false, id: '', shown: true };
        this.#batches.probe(partitionOf(target as BareJid), probe);
      }
    }
  }

  /** Of one moment, behind all that has been told of its sessions before. */
  #tellDigest(partition: number): void {
    let [sessions, hash] = [0, 0];
    for (const session of this.#sessions().in(partition)) {
      if (session.boundAt === 0) return; // a bind is under way: the next time
      sessions++;
      hash = addHash(hash, sessionHash(session.hashed));
    }
    if (sessions > 0) this.#batches.digest({ partition, sessions, hash });
  }
}

function* pieces(
  partition: number,
  sessions: readonly ClientSession[],
  missed: boolean,
): IterableIterator<PartitionState> {
  const events = sessions.map((session) => session.event);
  let at = 0;
  do {
    const end = endOfPiece(events, at);
    yield { partition, first: at === 0, last: end === events.length, sessions: events.slice(at, end), missed };
    at = end;
  } while (at < events.length);
}

/** One session at least, if there is one. */
function endOfPiece(events: readonly SessionEvent[], start: number): number {
  let bytes = 0;
  for (let at = start; at < events.length; at++) {
    bytes += eventBytes(events[at] as SessionEvent);
    if (at > start && (bytes > PIECE_BYTES_MAX || at - start === PIECE_SESSIONS)) return at;
  }
  return events.length;
}
