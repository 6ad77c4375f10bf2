import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { RESULTS } from '../bench/results.ts';
import type { WindowLine } from '../peers/generator/orders.ts';

/** Part → KiB, or µs of CPU; a part is all processes of one kind. */
export type ByPart = Readonly<Record<string, number>>;

/** With so many sessions, all bound, available and silent. */
export interface SessionStep {
  readonly sessions: number;
  /** Since the step before: how many logins, what they took, and cost. */
  readonly logins: {
    readonly count: number;
    readonly seconds: number;
    readonly cpuUs: ByPart;
    readonly p50Ms: number;
    readonly p99Ms: number;
    /** Told to wait (RFC 6120 §8.3.2), and tried again. */
    readonly waited: number;
  };
  readonly pssKiB: ByPart;
  /** While nobody says anything. */
  readonly idle: { readonly seconds: number; readonly cpuUs: ByPart };
  /** Of two who write to each other meanwhile, each on another edge. */
  readonly pair: { readonly delivered: number; readonly p50Ms: number; readonly p99Ms: number };
}

/** Routed messages on so many edges, from one to the next. */
export interface EdgesStep {
  readonly edges: number;
  readonly windows: readonly WindowLine[];
}

/** What one run of `npm run bench:sessions` has found. */
export interface SessionsResult {
  readonly at: string;
  readonly commit: string;
  readonly machine: Readonly<Record<'cpu' | 'node' | 'nats', string>> & {
    readonly cores: number;
    readonly GiB: number;
  };
  readonly options: Readonly<Record<string, number>>;
  readonly calibrationUs: number;
  /** Of the machine, that processes took which are no part of the run. */
  readonly othersShare: number;
  /** Edges and load processes, as many of both. */
  readonly edges: number;
  /** Before the first login. */
  readonly emptyKiB: ByPart;
  readonly steps: readonly SessionStep[];
  readonly messages: readonly EdgesStep[];
  /** Why it ended before its end. */
  readonly stopped?: string;
}

export const SESSIONS_SUFFIX = '-sessions.json';

/** A result that is kept. */
export interface KeptSessions {
  readonly file: string;
  readonly result: SessionsResult;
}

/** What people are shown: of the results that are kept, one for the sessions and one, often another, for the messages. */
export interface ShownSessions {
  /** The newest with the most sessions. */
  readonly sessions: KeptSessions;
  /** The newest with messages on several edges. */
  readonly messages: KeptSessions;
}

/** Undefined when nothing is kept. */
export function lastSessionsResults(folder: URL = RESULTS): ShownSessions | undefined {
  mkdirSync(folder, { recursive: true });
  const kept = readdirSync(folder)
    .filter((name) => name.endsWith(SESSIONS_SUFFIX))
    .map((file) => ({ file, result: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as SessionsResult }))
    .sort((a, b) => b.result.at.localeCompare(a.result.at));
  const [sessions] = kept.toSorted((a, b) => mostIn(b.result) - mostIn(a.result));
  const messages = kept.find(({ result }) => result.messages.length > 0) ?? sessions;
  return sessions && messages ? { sessions, messages } : undefined;
}

/** A small run, to look at something, is not what people are shown. */
const mostIn = ({ steps }: SessionsResult): number => Math.max(0, ...steps.map(({ sessions }) => sessions));
