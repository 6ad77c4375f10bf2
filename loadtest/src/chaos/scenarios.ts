import { between, oneOf, type Random } from '../random.ts';
import type { Service } from './chaos-world.ts';
import type { Promises } from './verdict.ts';

/** Something that happens to the cluster, so long after the start. */
export type Blow = { readonly atMs: number } & (
  | { readonly kind: 'kill'; readonly services: readonly Service[] }
  | { readonly kind: 'kill-in-flight' }
  | { readonly kind: 'kill-leader'; readonly backMs: number }
  | { readonly kind: 'freeze'; readonly forMs: number }
  | { readonly kind: 'freeze-all'; readonly forMs: number }
  | { readonly kind: 'cut-off'; readonly forMs: number }
  | { readonly kind: 'no-database'; readonly forMs: number; readonly killsArchive: boolean }
  | { readonly kind: 'restart-edges' }
  | { readonly kind: 'restart-all'; readonly begin: () => string }
);

/** Who dies when; what happens follows from this, the seed and the length alone. */
export interface Scenario {
  readonly name: string;
  readonly does: string;
  readonly promises: Promises;
  readonly blows: (random: Random, seconds: number) => readonly Blow[];
  /** A run takes at least so long. */
  readonly secondsMin?: number;
  /** Settings of a cluster of its own. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Every so many pairs somebody has a second session, which goes at once and for good. */
  readonly lonerEvery?: number;
  /** Characters of bodies, at least. */
  readonly bodyCharsMin?: number;
}

const SECOND = 1_000;
/** Longer than an election of streams' leaders, so that two kills do not take a majority. */
const NATS_BACK_MS = 3 * SECOND;

const untouched: Promises = { mayRepeat: false, resumedMin: 1 };
const edgeDies: Promises = { mayRepeat: true, resumedMin: 0.99 };

/** Somewhere in the first half, when everybody talks. */
const soon = (random: Random, seconds: number): number => between(random, seconds * 150, seconds * 500);

const killing =
  (...services: readonly Service[]): Scenario['blows'] =>
  (random, seconds) => [{ atMs: soon(random, seconds), kind: 'kill', services }];

export const SCENARIOS: readonly Scenario[] = [
  { name: 'kill-edge', does: 'kill -9 of an edge', promises: edgeDies, blows: killing('edge') },
  { name: 'kill-archive', does: 'kill -9 of an archive', promises: untouched, blows: killing('archive') },
  { name: 'kill-roster', does: 'kill -9 of a roster service', promises: untouched, blows: killing('roster') },
  { name: 'kill-presence', does: 'kill -9 of a presence node', promises: untouched, blows: killing('presence') },
  {
    name: 'kill-leader',
    does: 'kill -9 of the NATS server that leads a stream',
    promises: untouched,
    blows: (random, seconds) => [{ atMs: soon(random, seconds), kind: 'kill-leader', backMs: NATS_BACK_MS }],
  },
  {
    name: 'kill-archive-and-edge',
    does: 'kill -9 of an archive and an edge at the same moment',
    promises: edgeDies,
    blows: killing('archive', 'edge'),
  },
  {
    name: 'freeze-edge',
    does: 'SIGSTOP of an edge for 10 s',
    promises: edgeDies,
    secondsMin: 25,
    blows: (random, seconds) => [{ atMs: soon(random, seconds), kind: 'freeze', forMs: 10 * SECOND }],
  },
  {
    name: 'freeze-all',
    does: 'kill -9 of an edge, then SIGSTOP of all processes but NATS and PostgreSQL for 6 s, as when a machine is moved',
    promises: edgeDies,
    secondsMin: 25,
    blows: (random, seconds) => {
      const atMs = soon(random, seconds);
      return [
        { atMs, kind: 'kill', services: ['edge'] },
        { atMs: atMs + SECOND, kind: 'freeze-all', forMs: 6 * SECOND },
      ];
    },
  },
  {
    name: 'cut-off-edge',
    does: 'an edge without NATS for 10 s',
    promises: edgeDies,
    secondsMin: 25,
    blows: (random, seconds) => [{ atMs: soon(random, seconds), kind: 'cut-off', forMs: 10 * SECOND }],
  },
  {
    name: 'no-database',
    does: 'PostgreSQL away for 60 s, an archive killed meanwhile',
    promises: untouched,
    secondsMin: 75,
    blows: () => [{ atMs: 5 * SECOND, kind: 'no-database', forMs: 60 * SECOND, killsArchive: true }],
  },
  {
    name: 'no-database-long',
    does: 'PostgreSQL away for 5 minutes, an archive killed meanwhile',
    promises: untouched,
    secondsMin: 315,
    blows: () => [{ atMs: 5 * SECOND, kind: 'no-database', forMs: 300 * SECOND, killsArchive: true }],
  },
  {
    name: 'log-full',
    does: 'PostgreSQL away until the log is full',
    promises: untouched,
    secondsMin: 40,
    // What is written is trimmed when it is older than what is known by its id: in a run there is no time for five minutes of that.
    settings: {
      STARLING_LOG_STREAMS: '2',
      STARLING_LOG_MAX_BYTES: '8MiB',
      STARLING_LOG_KEEP: '5s',
      STARLING_LOG_DUPLICATE_WINDOW: '40s',
      STARLING_RESUME_WINDOW: '10s',
    },
    bodyCharsMin: 15_000,
    blows: () => [{ atMs: 4 * SECOND, kind: 'no-database', forMs: 20 * SECOND, killsArchive: false }],
  },
  {
    name: 'rolling-restart',
    does: 'SIGTERM of all edges, one after another',
    promises: untouched,
    secondsMin: 30,
    blows: () => [{ atMs: 4 * SECOND, kind: 'restart-edges' }],
  },
  {
    name: 'no-return',
    does: 'second sessions that go for good, and kill -9 of an edge',
    promises: edgeDies,
    lonerEvery: 2,
    secondsMin: 25,
    blows: killing('edge'),
  },
  {
    name: 'in-flight',
    does: 'kill -9 of an edge with a message, an IQ and a roster edit of everybody on their way',
    promises: edgeDies,
    blows: (random, seconds) => [{ atMs: soon(random, seconds), kind: 'kill-in-flight' }],
  },
  {
    name: 'random',
    does: 'three of all these, at any time',
    promises: edgeDies,
    secondsMin: 30,
    blows: anything,
  },
];

/** Three blows; what is away comes back in front of the next one. */
function anything(random: Random, seconds: number): readonly Blow[] {
  const third = (seconds * SECOND) / 3;
  const choices: readonly ((atMs: number) => Blow)[] = [
    (atMs) => ({ atMs, kind: 'kill', services: ['edge'] }),
    (atMs) => ({ atMs, kind: 'kill', services: ['edge', oneOf(random, ['archive', 'roster', 'presence'] as const)] }),
    (atMs) => ({ atMs, kind: 'kill', services: ['archive', 'presence', 'roster'] }),
    (atMs) => ({ atMs, kind: 'kill-in-flight' }),
    (atMs) => ({ atMs, kind: 'kill-leader', backMs: NATS_BACK_MS }),
    (atMs) => ({ atMs, kind: 'freeze', forMs: third / 2 }),
    (atMs) => ({ atMs, kind: 'cut-off', forMs: third / 2 }),
    (atMs) => ({ atMs, kind: 'no-database', forMs: third / 2, killsArchive: random() < 0.5 }),
  ];
  return [0, 1, 2].map((n) => oneOf(random, choices)(n * third + between(random, 0, third / 2)));
}
