import { byRoom } from './rooms.ts';

/** A function as V8 names it, in the file that it runs; lines and columns from 0 on. */
export interface CallFrame {
  readonly functionName: string;
  /** Empty for what is in V8 or Node itself, and no JavaScript. */
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** What V8 writes; times in µs. */
export interface CpuProfile {
  /** The first one is the root. */
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    /** Ids. */
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface Cost {
  /** The function and its file. */
  readonly where: string;
  readonly selfUs: number;
  /** Of the time that was not idle. */
  readonly share: number;
}

/** Where the source of a function is, such as packages/xml/src/scanner.ts:196. */
export type PlaceOf = (frame: CallFrame) => string;

/** What is no work of the process. */
export const IDLE = '(idle)';

export const ANONYMOUS = '(anonymous)';

export const nameOf = ({ functionName }: CallFrame): string => functionName || ANONYMOUS;

/** Node of the profile → µs, of itself alone. */
export function selfTimesByNode({ samples, timeDeltas }: CpuProfile): ReadonlyMap<number, number> {
  const times = new Map<number, number>();
  // The time from a sample to the next one was spent where this one was taken.
  samples.forEach((id, i) => {
    times.set(id, (times.get(id) ?? 0) + Math.max(0, timeDeltas[i + 1] ?? 0));
  });
  return times;
}

/** Self time of each function, the costliest first, without the idle time. */
export function selfTimes(profile: CpuProfile, placeOf: PlaceOf): readonly Cost[] {
  const byNode = selfTimesByNode(profile);
  const times = new Map<string, number>();
  for (const { id, callFrame } of profile.nodes) {
    const where = callFrame.url === '' ? nameOf(callFrame) : `${nameOf(callFrame)} ${placeOf(callFrame)}`;
    const selfUs = byNode.get(id) ?? 0;
    if (selfUs > 0) times.set(where, (times.get(where) ?? 0) + selfUs);
  }
  times.delete(IDLE);
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  return [...times]
    .map(([where, selfUs]) => ({ where, selfUs, share: total === 0 ? 0 : selfUs / total }))
    .sort((a, b) => b.selfUs - a.selfUs);
}

/** Tables for people: the costliest `rows` functions of one process, which needs `cpuUs` for each message, and all rooms. */
export function describeProfile(title: string, costs: readonly Cost[], cpuUs: number, rows: number): string {
  const linesOf = (of: readonly Cost[]) =>
    of.map(({ where, share }) => `| ${(share * 100).toFixed(1)} % | ${(share * cpuUs).toFixed(2)} | \`${where}\` |`);
  return [
    ...[`## ${title}`, '', `${cpuUs} µs for each message.`, ''],
    ...['| self time | µs a message | room |', '|---|---|---|', ...linesOf(byRoom(costs)), ''],
    ...['| self time | µs a message | function |', '|---|---|---|', ...linesOf(costs.slice(0, rows)), ''],
  ].join('\n');
}
