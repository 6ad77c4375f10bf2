// What the smoke run promises, as a pure function: what one side of a pair knows, and what is in the two logs → what was broken.

/** One message, as its sender knows it. Numbers begin with 1, and each is the one before it and one. */
export interface SentMessage {
  readonly number: number;
  /** When its first bytes were written; of performance.now(). */
  readonly sentAtMs: number;
  /** When a ping that was sent behind it was answered. */
  acknowledgedAtMs: number | undefined;
  /** An error came instead; it was sent again behind others, so its place in the order is not promised. */
  refused: boolean;
}

/** One session of a receiver: from its first presence to its end. */
export interface Visit {
  readonly availableAtMs: number;
  /** It did not end before all was over. */
  stayed: boolean;
  /** The peer's numbers in the order in which they came. */
  readonly numbers: number[];
  /** Those that had waited (XEP-0160), and said so by a delay: when another session has ended with them they come behind what is live. */
  readonly late: Set<number>;
}

/** What is known of the way from one account to another. */
export interface Way {
  readonly sent: readonly SentMessage[];
  /** Numbers in the sender's own log, in its order. */
  readonly inSenderLog: readonly number[];
  /** Numbers in the recipient's log, in its order. */
  readonly inRecipientLog: readonly number[];
  readonly visits: readonly Visit[];
}

/** Counts; whatever is under `broken` has to be 0. */
export interface Verdict {
  readonly sent: number;
  readonly acknowledged: number;
  /** Acknowledged, and once in both logs. */
  readonly archived: number;
  /** Messages that reached some session of their recipient. */
  readonly delivered: number;
  readonly refused: number;
  readonly broken: {
    /** Acknowledged, but not in the recipient's or the sender's log. */
    readonly lost: number;
    /** More than once in a log. */
    readonly twice: number;
    /** In a log behind a later one. */
    readonly outOfOrder: number;
    /** In a log, but never sent. */
    readonly invented: number;
    /** Sent and never acknowledged, although there was time. */
    readonly unanswered: number;
    /** Acknowledged, sent while a session of the recipient was there that lasted, and not delivered to it. */
    readonly undelivered: number;
    /** Twice to one session. */
    readonly deliveredTwice: number;
    /** To one session behind a later one, unless it had waited. */
    readonly deliveredOutOfOrder: number;
  };
}

const NOTHING: Verdict = {
  sent: 0,
  acknowledged: 0,
  archived: 0,
  delivered: 0,
  refused: 0,
  broken: {
    lost: 0,
    twice: 0,
    outOfOrder: 0,
    invented: 0,
    unanswered: 0,
    undelivered: 0,
    deliveredTwice: 0,
    deliveredOutOfOrder: 0,
  },
};

export const judgeAll = (ways: readonly Way[]): Verdict => ways.map(judge).reduce(sumOf, NOTHING);

export function judge({ sent, inSenderLog, inRecipientLog, visits }: Way): Verdict {
  const acknowledged = sent.filter((m) => m.acknowledgedAtMs !== undefined);
  const logs = [inSenderLog, inRecipientLog];
  const counts = logs.map(countsOf);
  const isRefused = (number: number) => sent[number - 1]?.refused ?? false;
  const isLost = ({ number }: SentMessage) => counts.some((count) => !count.has(number));
  const isOnce = ({ number }: SentMessage) => counts.every((count) => count.get(number) === 1);
  const delivered = new Set(visits.flatMap((visit) => visit.numbers));
  return {
    sent: sent.length,
    acknowledged: acknowledged.length,
    archived: acknowledged.filter(isOnce).length,
    delivered: delivered.size,
    refused: sent.filter((m) => m.refused).length,
    broken: {
      lost: acknowledged.filter(isLost).length,
      twice: sumBy(logs, repeats),
      outOfOrder: sumBy(logs, (numbers) => descents(numbers, isRefused)),
      invented: sumBy(logs, (numbers) => numbers.filter((n) => sent[n - 1] === undefined).length),
      unanswered: sent.length - acknowledged.length,
      undelivered: sumBy(visits, (visit) => missing(visit, acknowledged)),
      deliveredTwice: sumBy(visits, (visit) => repeats(visit.numbers)),
      deliveredOutOfOrder: sumBy(visits, (visit) => descents(visit.numbers, (n) => isRefused(n) || visit.late.has(n))),
    },
  };
}

/** Whether every promise was kept. */
export const isKept = ({ broken }: Verdict): boolean => Object.values(broken).every((count) => count === 0);

function countsOf(numbers: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return counts;
}

const repeats = (numbers: readonly number[]): number => numbers.length - new Set(numbers).size;

/** Numbers that are lower than one before them; a repetition is not counted as that too. */
function descents(numbers: readonly number[], isExempt: (number: number) => boolean): number {
  let highest = 0;
  let count = 0;
  for (const number of new Set(numbers)) {
    if (isExempt(number)) continue;
    if (number < highest) count++;
    highest = Math.max(highest, number);
  }
  return count;
}

/** What a session that lasted should have got and did not. */
function missing({ stayed, availableAtMs, numbers }: Visit, acknowledged: readonly SentMessage[]): number {
  if (!stayed) return 0;
  const got = new Set(numbers);
  return acknowledged.filter((m) => m.sentAtMs > availableAtMs && !got.has(m.number)).length;
}

const sumBy = <T>(things: readonly T[], count: (thing: T) => number): number =>
  things.reduce((sum, thing) => sum + count(thing), 0);

function sumOf(a: Verdict, b: Verdict): Verdict {
  const add = <R extends Record<string, number>>(x: R, y: R) =>
    Object.fromEntries(Object.entries(x).map(([key, n]) => [key, n + (y[key] ?? 0)])) as R;
  const { broken: brokenA, ...countsA } = a;
  const { broken: brokenB, ...countsB } = b;
  return { ...add(countsA, countsB), broken: add({ ...brokenA }, { ...brokenB }) };
}
