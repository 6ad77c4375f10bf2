import { othersDoubt } from '../bench/others-share.ts';
import { type PartsResult, partRows } from '../parts/parts-result.ts';
import { spreadText } from '../peers/report.ts';

/** The newest result of `npm run bench:parts`, as a part of docs/performance.md; empty when there is none. Pure. */
export function partsLines(
  last: { readonly file: string; readonly result: PartsResult } | undefined,
): readonly string[] {
  if (last === undefined) return [];
  const { at, commit, machine, options, othersShare } = last.result;
  const doubt = othersDoubt(othersShare);
  return [
    '## What the parts cost',
    '',
    `Each alone, by \`npm run bench:parts\`: ${at.slice(0, 10)}, commit ${commit}, Node ${machine.node}, ${machine.cores} × ${machine.cpu}; \`${last.file}\`. µs of CPU of the process (of user and system, garbage collection among it) for one, median [least..most] of ${options.rounds} rounds, and the bytes that one allocates on the heap and in buffers. What an edge receives and delivers is without sockets, on a bus within the process; the log is a real nats-server with 512 entries under way.`,
    '',
    '| part | µs | bytes allocated |',
    '| --- | --- | --- |',
    ...partRows(last.result).map(
      ({ part, us, allocatedBytes }) => `| ${part} | ${spreadText(us)} | ${allocatedBytes ?? ''} |`,
    ),
    '',
    ...(doubt === '' ? [] : [`Doubtful: ${doubt}.`, '']),
  ];
}
