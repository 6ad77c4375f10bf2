// What a run has found → what it means for one session, and for one message. Pure.
import { sum } from '../peers/figures.ts';
import type { ByPart, SessionsResult } from './sessions-result.ts';

/** The parts that are told by themselves; the others together. */
export const PARTS = ['edge', 'presence', 'nats', 'others'] as const;
export type PartName = (typeof PARTS)[number];
export type Parts = Readonly<Record<PartName, number>>;

export interface SessionFigures {
  readonly sessions: number;
  readonly loginsPerSecond: number;
  /** From the connection to the answer to a ping. */
  readonly loginP99Ms: number;
  /** µs of CPU for each. */
  readonly loginUs: Parts;
  /** KiB for each session, more than the empty system has. */
  readonly kib: Parts;
  /** µs of CPU a second for each session, and of one core for all. */
  readonly idleUs: Parts;
  readonly idleCores: number;
  readonly pairP50Ms: number;
  readonly pairP99Ms: number;
}

export interface MessageFigures {
  readonly edges: number;
  readonly load: number | 'max';
  readonly perSecond: number;
  /** µs of CPU for each. */
  readonly us: Parts;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const MICROSECONDS_PER_SECOND = 1_000_000;

export const totalOf = (parts: Parts): number => sum(Object.values(parts));

export function sessionFiguresOf({ steps, emptyKiB }: SessionsResult): readonly SessionFigures[] {
  return steps.map(({ sessions, logins, pssKiB, idle, pair }) => {
    const idleUs = partsOf((part) => (idle.cpuUs[part] ?? 0) / idle.seconds / sessions, idle.cpuUs);
    return {
      sessions,
      loginsPerSecond: logins.count / logins.seconds,
      loginP99Ms: logins.p99Ms,
      loginUs: partsOf((part) => (logins.cpuUs[part] ?? 0) / logins.count, logins.cpuUs),
      kib: partsOf((part) => ((pssKiB[part] ?? 0) - (emptyKiB[part] ?? 0)) / sessions, pssKiB),
      idleUs,
      idleCores: (totalOf(idleUs) * sessions) / MICROSECONDS_PER_SECOND,
      pairP50Ms: pair.p50Ms,
      pairP99Ms: pair.p99Ms,
    };
  });
}

export const messageFiguresOf = ({ messages }: SessionsResult): readonly MessageFigures[] =>
  messages.flatMap(({ edges, windows }) =>
    windows.map(({ load, delivered, seconds, cpuUs, p50Ms, p99Ms }) => ({
      ...{ edges, load, p50Ms, p99Ms, perSecond: delivered / seconds },
      us: partsOf((part) => (cpuUs[part] ?? 0) / delivered, cpuUs),
    })),
  );

const isTold = (part: string): part is PartName => PARTS.some((one) => one === part);

function partsOf(of: (part: string) => number, all: ByPart): Parts {
  const others = Object.keys(all).filter((part) => !isTold(part));
  return {
    edge: of('edge'),
    presence: of('presence'),
    nats: of('nats'),
    others: sum(others.map(of)),
  };
}
