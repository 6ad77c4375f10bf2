import { formatBytes } from '@starling/runtime';
import type { TopRow, TopView } from './top-view.ts';

interface Column {
  readonly head: string;
  readonly cell: (row: TopRow) => string;
  readonly left?: boolean;
}

const MIB = 1024 ** 2;
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** 0.3 s, 45 s, 12 min, 3 h, 9 d */
export function shortDuration(seconds: number): string {
  if (seconds < MINUTE) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  return seconds < DAY ? `${Math.floor(seconds / HOUR)} h` : `${Math.floor(seconds / DAY)} d`;
}

const NONE = '–';
const known = (value: number | undefined, show: (value: number) => string): string =>
  value === undefined ? NONE : show(value);
const milliseconds = (seconds: number) => `${(seconds * 1_000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
const whole = (value: number) => String(Math.round(value));
const rate = (value: number) => (value < 10 ? value.toFixed(1) : whole(value));
const size = (bytes: number) => formatBytes(Math.round(bytes / MIB) * MIB);

/** In the order in which they are shown. */
export const COLUMNS: readonly Column[] = [
  { head: 'process', cell: ({ id }) => id, left: true },
  { head: 'service', cell: ({ service }) => service, left: true },
  { head: 'version', cell: ({ version }) => version ?? NONE, left: true },
  { head: 'state', cell: ({ ready }) => (ready ? 'ready' : 'NOT READY'), left: true },
  { head: 'up', cell: ({ uptimeSeconds }) => shortDuration(uptimeSeconds) },
  { head: 'CPU', cell: ({ cpu }) => percent(cpu) },
  { head: 'memory', cell: ({ memoryBytes }) => size(memoryBytes) },
  { head: 'loop lag', cell: ({ loopLagSeconds }) => known(loopLagSeconds, milliseconds) },
  { head: 'sessions', cell: ({ sessions }) => known(sessions, whole) },
  { head: 'away', cell: ({ detached }) => known(detached, whole) },
  { head: 'messages/s', cell: ({ messagesPerSecond }) => known(messagesPerSecond, rate) },
  { head: 'log lag', cell: ({ logLagSeconds }) => known(logLagSeconds, milliseconds) },
  { head: 'archive lag', cell: ({ archiveLagSeconds }) => known(archiveLagSeconds, milliseconds) },
  { head: 'tail', cell: ({ archiveTailBytes }) => known(archiveTailBytes, (bytes) => formatBytes(bytes)) },
];

/** Two lines of what the whole cluster does. */
export function summaryOf({ atMs, totals }: TopView): readonly string[] {
  const { processes, notReady, cpu, memoryBytes, sessions, detached, messagesPerSecond, archivedPerSecond } = totals;
  const ready = notReady === 0 ? 'all ready' : `${notReady} NOT READY`;
  const logLag = known(totals.logLagSeconds, milliseconds);
  const archiveLag = known(totals.archiveLagSeconds, milliseconds);
  return [
    `${new Date(atMs).toISOString()}  ${processes} processes, ${ready}; ${cpu.toFixed(2)} cores, ${size(memoryBytes)}`,
    `${sessions} sessions, ${detached} away; ${rate(messagesPerSecond)} messages/s in, ${rate(archivedPerSecond)} entries/s archived; log lag ${logLag}, archive lag ${archiveLag}`,
  ];
}

/** For a terminal; the totals first, then a line for each process. */
export function renderTop(view: TopView): string {
  const cells = [COLUMNS.map(({ head }) => head), ...view.rows.map((row) => COLUMNS.map(({ cell }) => cell(row)))];
  const widths = COLUMNS.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  const lines = cells.map((line) =>
    line
      .map((text, i) => (COLUMNS[i]?.left ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return `${[...summaryOf(view), '', ...lines].join('\n')}\n`;
}
