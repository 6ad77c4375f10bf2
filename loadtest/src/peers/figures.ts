// What the load generator found → the figures that are compared. Pure.
import type { GeneratorLine, Load, MemoryLine, TotalLine, Transport, WindowLine } from './generator/orders.ts';
import type { Measurement, PeersResult } from './result.ts';
import type { ServerName } from './server.ts';
import type { WorkName } from './works.ts';

/** Of all rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** With each, in the order of the rounds. */
export interface Rounds extends Spread {
  readonly all: readonly number[];
}

/** One load on one server. */
export interface LoadFigures {
  readonly server: ServerName;
  readonly work: WorkName;
  readonly transport: Transport;
  readonly load: Load;
  readonly rounds: number;
  readonly perSecond: Rounds;
  /** µs of CPU, all processes together, for each message, delivered presence or login. */
  readonly costUs: Rounds;
  /** The same by part; medians. */
  readonly partsUs: Readonly<Record<string, number>>;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  /** The most of a core that the generator took, and what had nothing to do with the run. */
  readonly generatorShare: number;
  readonly foreignShare: number;
  /** It could not keep up with the pace: its figures are those of a server that is overloaded. */
  readonly isBehind: boolean;
}

/** So many idle sessions on one server. */
export interface MemoryFigures {
  readonly server: ServerName;
  readonly transport: Transport;
  readonly sessions: number;
  /** KiB of all processes, more than without sessions, for each. */
  readonly perSessionKiB: Rounds;
  readonly partsKiB: Readonly<Record<string, number>>;
  /** All of it, the empty system too. */
  readonly totalKiB: Spread;
  /** Of the system without sessions. */
  readonly emptyKiB: Spread;
}

/** More of its core, and the generator may be what is measured. */
export const GENERATOR_SHARE_MAX = 0.8;
/** Farther from the pace, and what was delivered was late, or still is. */
const PACE_ERROR_MAX = 0.05;

const isWindow = (line: GeneratorLine): line is WindowLine => line.kind === 'window';
const isTotal = (line: GeneratorLine): line is TotalLine => line.kind === 'total';
const isMemory = (line: GeneratorLine): line is MemoryLine => line.kind === 'memory';

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** @throws RangeError when there is nothing */
export function spreadOf(values: readonly number[]): Rounds {
  const sorted = [...values].sort((a, b) => a - b);
  const [min, median, max] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  if (min === undefined || median === undefined || max === undefined) throw new RangeError('nothing was measured');
  return { median, min, max, all: values };
}

/** Every load of every server that was measured. */
export function loadFiguresOf(measurements: readonly Measurement[]): readonly LoadFigures[] {
  return groupsOf(measurements).flatMap((group) => {
    const windows = group.flatMap(({ lines }) => lines.filter(isWindow));
    const totals = group.flatMap(({ lines }) => lines.filter(isTotal));
    const loads = [...new Set(windows.map(({ load }) => load))];
    return loads.map((load) =>
      ofLoad(
        group,
        load,
        windows.filter((line) => line.load === load),
        totals.filter((line) => line.load === load),
      ),
    );
  });
}

function ofLoad(
  group: readonly Measurement[],
  load: Load,
  windows: readonly WindowLine[],
  totals: readonly TotalLine[],
): LoadFigures {
  const [{ server, work, transport }] = group as [Measurement];
  const parts = [...new Set(windows.flatMap(({ cpuUs }) => Object.keys(cpuUs)))];
  const perSecond = spreadOf(windows.map(({ delivered, seconds }) => delivered / seconds));
  const copies = totals[0]?.copies ?? 1;
  const isIncomplete = totals.some((total) => total.delivered < total.sent * total.copies);
  return {
    server,
    work,
    transport,
    load,
    rounds: windows.length,
    perSecond,
    costUs: spreadOf(windows.map(({ cpuUs, delivered }) => sum(Object.values(cpuUs)) / delivered)),
    partsUs: Object.fromEntries(
      parts.map((part) => [part, spreadOf(windows.map((w) => (w.cpuUs[part] ?? 0) / w.delivered)).median]),
    ),
    p50Ms: spreadOf(windows.map(({ p50Ms }) => p50Ms)),
    p99Ms: spreadOf(windows.map(({ p99Ms }) => p99Ms)),
    generatorShare: Math.max(...windows.map(({ generatorUs, seconds }) => generatorUs / (seconds * 1_000_000))),
    foreignShare: Math.max(...windows.map(foreignShareOf)),
    isBehind: load !== 'max' && (isIncomplete || Math.abs(perSecond.median / (load * copies) - 1) > PACE_ERROR_MAX),
  };
}

const foreignShareOf = ({ machineUs, cpuUs, generatorUs, seconds }: WindowLine): number =>
  (machineUs - sum(Object.values(cpuUs)) - generatorUs) / (seconds * 1_000_000);

export function memoryFiguresOf(measurements: readonly Measurement[]): readonly MemoryFigures[] {
  return groupsOf(measurements).flatMap((group) => {
    const runs = group.map(({ lines }) => lines.filter(isMemory)).filter((lines) => lines.length > 0);
    const steps = [...new Set(runs.flatMap((lines) => lines.map(({ sessions }) => sessions)))].filter((n) => n > 0);
    return steps.map((sessions) => ofStep(group, sessions, runs));
  });
}

function ofStep(
  group: readonly Measurement[],
  sessions: number,
  runs: readonly (readonly MemoryLine[])[],
): MemoryFigures {
  const [{ server, transport }] = group as [Measurement];
  const growths = runs.flatMap((lines) => {
    const [empty, full] = [lines.find((line) => line.sessions === 0), lines.find((line) => line.sessions === sessions)];
    return empty === undefined || full === undefined ? [] : [{ empty: empty.pssKiB, full: full.pssKiB }];
  });
  const total = (kib: Readonly<Record<string, number>>) => sum(Object.values(kib));
  const parts = Object.keys(growths[0]?.full ?? {});
  return {
    server,
    transport,
    sessions,
    perSessionKiB: spreadOf(growths.map(({ empty, full }) => (total(full) - total(empty)) / sessions)),
    partsKiB: Object.fromEntries(
      parts.map((part) => [
        part,
        spreadOf(growths.map(({ empty, full }) => ((full[part] ?? 0) - (empty[part] ?? 0)) / sessions)).median,
      ]),
    ),
    totalKiB: spreadOf(growths.map(({ full }) => total(full))),
    emptyKiB: spreadOf(growths.map(({ empty }) => total(empty))),
  };
}

/** Those of the same server, work and transport, in the order in which they were first measured. */
function groupsOf(measurements: readonly Measurement[]): readonly (readonly Measurement[])[] {
  const groups = new Map<string, Measurement[]>();
  for (const measurement of measurements) {
    const key = `${measurement.work} ${measurement.transport} ${measurement.server}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [measurement]);
    else group.push(measurement);
  }
  return [...groups.values()];
}

/**
 * What speaks against a run: then it has no figures at all.
 * @throws Error when something arrived that was not sent, or did not arrive though there was no pace to keep, or an archive has not two rows of each message
 */
export function requireWhole({ server, work, lines, archive }: Measurement): void {
  const totals = lines.filter(isTotal);
  const complaint = (what: string) => new Error(`${server}, ${work}: ${what}`);
  for (const { load, sent, copies, delivered } of totals) {
    const due = sent * copies;
    if (delivered > due) throw complaint(`${due} deliveries were due, and there were ${delivered}`);
    // Whoever cannot keep up with a pace is told so, and has no other fault.
    if (delivered < due && load === 'max') throw complaint(`${due} deliveries were due, but there were ${delivered}`);
  }
  const isComplete = totals.every(({ sent, copies, delivered }) => delivered === sent * copies);
  const sent = sum(totals.map((total) => total.sent));
  if (archive !== undefined && isComplete && archive.rows !== 2 * sent)
    throw complaint(`${archive.rows} rows of ${sent} messages`);
}

/** All figures of a result. */
export interface Figures {
  readonly loads: readonly LoadFigures[];
  readonly memory: readonly MemoryFigures[];
}

export const figuresOf = ({ measurements }: PeersResult): Figures => ({
  loads: loadFiguresOf(measurements),
  memory: memoryFiguresOf(measurements),
});
