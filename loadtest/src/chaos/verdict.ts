// What the chaos runs promise, as pure functions: what clients know, and what the archive has → what was broken (design: the guarantee).

/** One message, as its sender knows it. Numbers begin with 1, and each is the one before it and one. */
export interface SentMessage {
  readonly number: number;
  /** Of performance.now(), as all times here. */
  readonly sentAtMs: number;
  /** When an `<a h/>`, `<resumed h/>` or `<failed h/>` covered it. */
  acknowledgedAtMs: number | undefined;
  /** It came back with "try again" and was sent behind others: its place in the order is not promised. */
  isRefused: boolean;
  /** Sent again where nothing says that it is the same one: no origin-id, and another session or a refusal. It may be stored twice. */
  isUncertain: boolean;
}

export interface ReceivedMessage {
  readonly number: number;
  readonly stanzaId: string;
  /** It had waited (XEP-0160): it may come behind what is live. */
  readonly isLate: boolean;
}

/** One series of messages: from one account to another, or to itself. */
export interface Way {
  readonly sent: readonly SentMessage[];
  /** Numbers in the archives that have to have it, in their order: of its sender and of its recipient, or of the one who is both. */
  readonly archives: readonly (readonly number[])[];
  /** What came, in order, to each device of the recipient. */
  readonly devices: readonly (readonly ReceivedMessage[])[];
}

/** Counts of messages. */
export interface Messages {
  readonly sent: number;
  readonly acknowledged: number;
  /** Acknowledged, and once in each archive. */
  readonly archived: number;
  /** Messages that reached some device of their recipient. */
  readonly delivered: number;
  readonly refused: number;
  /** Acknowledged, and missing in an archive or at the recipient. */
  readonly lost: number;
  readonly storedTwice: number;
  /** Behind a later one in an archive, or at a device when it came for the first time. */
  readonly outOfOrder: number;
  /** More than once at one device. */
  readonly deliveredTwice: number;
  /** With another stanza-id than before. */
  readonly renamed: number;
  /** Sent and never acknowledged, although there was time. */
  readonly unacknowledged: number;
  readonly longestStallMs: number;
}

const NO_MESSAGES: Messages = {
  sent: 0,
  acknowledged: 0,
  archived: 0,
  delivered: 0,
  refused: 0,
  lost: 0,
  storedTwice: 0,
  outOfOrder: 0,
  deliveredTwice: 0,
  renamed: 0,
  unacknowledged: 0,
  longestStallMs: 0,
};

export const judgeAll = (ways: readonly Way[], nowMs: number): Messages =>
  ways.map((way) => judge(way, nowMs)).reduce(sumOf, NO_MESSAGES);

export function judge({ sent, archives, devices }: Way, nowMs: number): Messages {
  const acknowledged = sent.filter((m) => m.acknowledgedAtMs !== undefined);
  const counts = archives.map(countsOf);
  const seen = new Set(devices.flatMap((messages) => messages.map(({ number }) => number)));
  const isStored = ({ number }: SentMessage) => counts.every((count) => count.has(number));
  const isOnce = ({ number }: SentMessage) => counts.every((count) => count.get(number) === 1);
  const isCertain = (number: number) => sent[number - 1]?.isUncertain !== true;
  const isRefused = (number: number) => sent[number - 1]?.isRefused === true;
  return {
    sent: sent.length,
    acknowledged: acknowledged.length,
    archived: acknowledged.filter(isOnce).length,
    delivered: seen.size,
    refused: sent.filter((m) => m.isRefused).length,
    lost: acknowledged.filter((m) => !isStored(m) || !seen.has(m.number)).length,
    storedTwice: sumBy(counts, (count) => [...count].filter(([number, n]) => n > 1 && isCertain(number)).length),
    outOfOrder:
      sumBy(archives, (numbers) => descents(numbers, isRefused)) + sumBy(devices, (m) => descentsOf(m, isRefused)),
    deliveredTwice: sumBy(devices, (messages) => messages.length - new Set(messages.map(idOf)).size),
    renamed: sumBy(devices, (messages) => renamedIn(messages, isCertain)),
    unacknowledged: sent.length - acknowledged.length,
    longestStallMs: sent.reduce((max, m) => Math.max(max, (m.acknowledgedAtMs ?? nowMs) - m.sentAtMs), 0),
  };
}

function countsOf(numbers: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return counts;
}

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

function descentsOf(messages: readonly ReceivedMessage[], isRefused: (number: number) => boolean): number {
  const late = new Set(messages.filter((m) => m.isLate).map((m) => m.number));
  return descents(
    messages.map((m) => m.number),
    (number) => late.has(number) || isRefused(number),
  );
}

const idOf = ({ number, stanzaId }: ReceivedMessage): string => `${number} ${stanzaId}`;

function renamedIn(messages: readonly ReceivedMessage[], isCertain: (number: number) => boolean): number {
  const ids = new Map<number, string>();
  let count = 0;
  for (const { number, stanzaId } of messages) {
    if (isCertain(number) && (ids.get(number) ?? stanzaId) !== stanzaId) count++;
    ids.set(number, stanzaId);
  }
  return count;
}

const sumBy = <T>(things: readonly T[], count: (thing: T) => number): number =>
  things.reduce((sum, thing) => sum + count(thing), 0);

function sumOf(a: Messages, b: Messages): Messages {
  const sums = Object.fromEntries(Object.entries(a).map(([key, n]) => [key, n + b[key as keyof Messages]]));
  return { ...(sums as unknown as Messages), longestStallMs: Math.max(a.longestStallMs, b.longestStallMs) };
}

/** What came of one run. */
export interface Figures extends Messages {
  /** Sessions that went on, and those that a client had to begin anew although it had one. */
  readonly resumed: number;
  readonly anew: number;
  /** Seen as available and gone, or the other way round, at the end. */
  readonly ghosts: number;
  /** Shown with an older status, at the end. */
  readonly stale: number;
  /** Without an answer for more than 30 s. */
  readonly unansweredIqs: number;
  /** Clients whose roster, as pushes tell it, is not the server's. */
  readonly rostersDiffer: number;
  /** An `h` that took back what one before had said, or counted more than was sent. */
  readonly retreats: number;
  /** Acknowledged messages that came back with an error. */
  readonly bounced: number;
  readonly longestAwayMs: number;
}

/** What a scenario may do to clients. */
export interface Promises {
  /** An edge died, or was as good as dead: what was not acknowledged may come again. */
  readonly mayRepeat: boolean;
  /** Of those that come back; 1: nobody logs in anew. */
  readonly resumedMin: number;
}

const NEVER = [
  'lost',
  'storedTwice',
  'outOfOrder',
  'renamed',
  'unacknowledged',
  'ghosts',
  'stale',
  'unansweredIqs',
  'rostersDiffer',
  'retreats',
  'bounced',
] as const;

/** What was broken, one line each. */
export function troubleOf(figures: Figures, { mayRepeat, resumedMin }: Promises): readonly string[] {
  const trouble = NEVER.filter((name) => figures[name] > 0).map((name) => `${figures[name]} ${name}`);
  if (figures.acknowledged === 0) trouble.push('no message was acknowledged');
  if (!mayRepeat && figures.deliveredTwice > 0) trouble.push(`${figures.deliveredTwice} deliveredTwice`);
  const { resumed, anew } = figures;
  if (resumed < resumedMin * (resumed + anew)) trouble.push(`${anew} of ${resumed + anew} sessions not resumed`);
  return trouble;
}
