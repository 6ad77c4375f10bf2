import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What V8 writes; times in µs. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
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

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** What is no work of the process. */
const IDLE = '(idle)';

/** Self time of each function, the costliest first, without the idle time. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): readonly Cost[] {
  const frames = new Map(nodes.map((node) => [node.id, whereOf(node.callFrame)]));
  const times = new Map<string, number>();
  samples.forEach((id, i) => {
    const where = frames.get(id) ?? '(unknown)';
    // The time from this sample to the next one was spent where this one was taken.
    times.set(where, (times.get(where) ?? 0) + Math.max(0, timeDeltas[i + 1] ?? 0));
  });
  times.delete(IDLE);
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  return [...times]
    .map(([where, selfUs]) => ({ where, selfUs, share: total === 0 ? 0 : selfUs / total }))
    .sort((a, b) => b.selfUs - a.selfUs);
}

function whereOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName || '(anonymous)';
  if (url === '') return name;
  const path = url.startsWith('file:') ? relative(ROOT, fileURLToPath(url)) : url;
  return `${name} ${path.replace('node_modules/', '')}:${lineNumber + 1}`;
}

/** A table for people: the costliest `rows` functions of one process, which needs `cpuUs` for each message. */
export function describeProfile(title: string, profile: CpuProfile, cpuUs: number, rows: number): string {
  const lines = selfTimes(profile)
    .slice(0, rows)
    .map(({ where, share }) => `| ${(share * 100).toFixed(1)} % | ${(share * cpuUs).toFixed(2)} | \`${where}\` |`);
  const head = [`## ${title}`, '', `${cpuUs} µs for each message.`, ''];
  return [...head, '| self time | µs a message | function, in the built files |', '|---|---|---|', ...lines, ''].join(
    '\n',
  );
}
