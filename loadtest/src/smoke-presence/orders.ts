import type { Comparison } from './verdict.ts';
import type { Faults, Numbers } from './view.ts';

/** Who holds which sessions: each load process has one edge. */
export interface CrowdOptions {
  readonly side: number;
  readonly sides: number;
  readonly port: number;
  readonly domain: string;
  /** Who stay. */
  readonly sessions: number;
  /** Who come and go, over and over; numbered behind the others. */
  readonly visitors: number;
  readonly contacts: number;
  readonly seed: number;
  readonly salt: Uint8Array;
  readonly password: string;
}

/** Since the last time that it was asked for; `faults`, `lost` and `leftOut`: over the whole run. */
export interface CrowdReport {
  readonly changes: number;
  readonly delivered: number;
  /** From a change until somebody was shown it, in ms. */
  readonly waitsMs: readonly number[];
  /** Unix time in ms of the last presence that came late, or told of the death of somebody's edge; 0 = none. */
  readonly lastLateMs: number;
  readonly logins: { readonly count: number; readonly refused: number; readonly longestMs: number };
  readonly faults: Faults;
  readonly lost: number;
  /** Announcements that somebody was not shown, since a newer one overtook them. */
  readonly leftOut: number;
  /** The first faults, with the time of each. */
  readonly incidents: readonly string[];
  /** Why logins were refused or connections lost; a few. */
  readonly reasons: readonly string[];
}

/** What a load process can be told: name → argument and answer. */
export interface Orders {
  open: { argument: CrowdOptions; answer: null };
  /** Everybody who stays. */
  logIn: { argument: null; answer: null };
  begin: { argument: { readonly changesPerSecond: number }; answer: null };
  /** No more changes, visitors leave; the status numbers of its own people, 0 for everybody else. */
  pause: { argument: null; answer: Numbers };
  compare: { argument: { readonly truth: Numbers }; answer: Comparison };
  report: { argument: null; answer: CrowdReport };
  /** The edge of this side is about to be killed: those who are there go, and do not come back. */
  sideDies: { argument: { readonly side: number }; answer: null };
  close: { argument: null; answer: null };
}

export type OrderName = keyof Orders;

/** Between the processes. */
export interface Order<N extends OrderName = OrderName> {
  readonly id: number;
  readonly name: N;
  readonly argument: Orders[N]['argument'];
}
export interface Answer {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: string;
}
