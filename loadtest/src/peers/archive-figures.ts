// What the load generator prints of archived messages on one server → the figures that are compared, and their table. Pure.
import type { XloadLine } from './xload.ts';

export interface ArchiveLines {
  readonly name: string;
  readonly version: string;
  readonly parts: readonly string[];
  readonly lines: readonly XloadLine[];
  /** In the database when all was written, without what was there before. */
  readonly rows: number;
  /** From the last message's delivery until its rows were there. */
  readonly lagSeconds: number;
}

/** One load: as fast as it goes, or so many messages a second. Medians of all repetitions. */
export interface LoadFigures {
  /** What the generator was told: max, or a number of messages a second. */
  readonly target: string;
  readonly perSecond: number;
  /** µs of CPU for each message, all processes and the database. */
  readonly us: number;
  readonly partsUs: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface ArchiveFigures {
  readonly name: string;
  readonly version: string;
  readonly loads: readonly LoadFigures[];
  /** Loads that were more than it can do: it fell behind, and nothing is told of them. */
  readonly tooMuch: readonly string[];
  readonly rows: number;
  readonly sent: number;
  readonly lagSeconds: number;
}

/** @throws Error when something was not measured, or a message has not exactly its two rows though all were delivered */
export function archiveFiguresOf({ name, version, parts, lines, rows, lagSeconds }: ArchiveLines): ArchiveFigures {
  const windows = lines.filter((line) => line.total !== true);
  const totals = lines.filter((line) => line.total === true);
  const sent = sum(totals.map((line) => numberOf(line, 'totalSent')));
  const delivered = sum(totals.map((line) => numberOf(line, 'totalDelivered')));
  if (delivered === sent && rows !== 2 * sent) throw new Error(`${name}: ${rows} rows of ${sent} messages`);
  const behind = totals.filter((line) => numberOf(line, 'totalDelivered') < numberOf(line, 'totalSent'));
  const tooMuch = behind.map((line) => String(line.rateTarget));
  const all = [...new Set(windows.map((line) => String(line.rateTarget)))];
  const targets = all.filter((target) => !tooMuch.includes(target));
  const loads = targets.map((target) =>
    loadOf(
      target,
      windows.filter((l) => String(l.rateTarget) === target),
      parts,
    ),
  );
  if (loads.length === 0) throw new Error(`${name}: nothing was measured`);
  return { name, version, loads, tooMuch, rows, sent, lagSeconds };
}

function loadOf(target: string, lines: readonly XloadLine[], parts: readonly string[]): LoadFigures {
  const ofPart = (part: string) => median(lines.map((line) => numberOf(line, `${part}_us_per_delivery`)));
  return {
    target,
    perSecond: median(lines.map((line) => numberOf(line, 'rate'))),
    us: median(lines.map((line) => sum(parts.map((part) => numberOf(line, `${part}_us_per_delivery`))))),
    partsUs: Object.fromEntries(parts.map((part) => [part, ofPart(part)])),
    p50Ms: median(lines.map((line) => numberOf(line, 'p50_ms'))),
    p99Ms: median(lines.map((line) => numberOf(line, 'p99_ms'))),
  };
}

/** Ours last: its cost is told in multiples of the others' as well. */
export function archiveReportOf(head: string, all: readonly ArchiveFigures[]): string {
  const own = all.at(-1);
  const rows = all.flatMap((figures) =>
    figures.loads.map((load) => {
      const same = own?.loads.find((l) => l.target === load.target);
      const times = figures === own || same === undefined ? '' : (load.us / same.us).toFixed(1);
      const parts = Object.entries(load.partsUs).map(([part, us]) => `${part} ${us.toFixed(0)}`);
      return [
        `${figures.name} ${figures.version}`,
        load.target,
        load.perSecond.toFixed(0),
        load.us.toFixed(0),
        times,
        parts.join(', '),
        load.p50Ms.toFixed(1),
        load.p99Ms.toFixed(1),
      ];
    }),
  );
  const columns = [
    'server',
    'load',
    'messages/s',
    'µs of CPU a message',
    'times ours',
    'by part, µs',
    'p50, ms',
    'p99, ms',
  ];
  const written = all.map(
    ({ name, rows: count, sent, lagSeconds, tooMuch }) =>
      `- ${name}: ${sent} messages, ${count} rows; the last row came ${lagSeconds.toFixed(1)} s behind the last delivery.${tooMuch.map((target) => ` ${target} messages/s were more than it can do here.`).join('')}`,
  );
  const table = [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return [head, '', ...table, '', ...written, ''].join('\n');
}

function numberOf(line: XloadLine, key: string): number {
  const value = line[key];
  if (typeof value !== 'number') throw new Error(`no ${key} in ${JSON.stringify(line)}`);
  return value;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** @throws Error when there is none */
function median(values: readonly number[]): number {
  const value = [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}
