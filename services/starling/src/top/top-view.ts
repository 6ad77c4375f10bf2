import type { ReceivedReport } from '@starling/bus';
import { type Metrics, parseMetrics, quantileBetween, sumOf } from './parse-metrics.ts';

/** One process. Undefined: it has no such thing, or nothing of it has happened since the last look. */
export interface TopRow {
  readonly id: string;
  readonly service: string;
  /** Undefined: it does not tell. */
  readonly version: string | undefined;
  readonly ready: boolean;
  readonly uptimeSeconds: number;
  /** Of one core; 1 = all of it. */
  readonly cpu: number;
  readonly memoryBytes: number;
  /** 99 of 100 turns of the event loop were late by no more. */
  readonly loopLagSeconds: number | undefined;
  readonly sessions: number | undefined;
  /** Away, and may come back (XEP-0198). */
  readonly detached: number | undefined;
  /** Of edges: accepted from clients; of archives: written. */
  readonly messagesPerSecond: number | undefined;
  /** From append to acknowledgement, 99 of 100. */
  readonly logLagSeconds: number | undefined;
  /** From commit in the log to commit in the database, 99 of 100 batches. */
  readonly archiveLagSeconds: number | undefined;
  /** Read from the log and not yet in the database. */
  readonly archiveTailBytes: number | undefined;
}

export interface TopView {
  readonly atMs: number;
  /** Since the look before; rates are over it. */
  readonly seconds: number;
  readonly rows: readonly TopRow[];
  readonly totals: {
    readonly processes: number;
    readonly notReady: number;
    /** Cores. */
    readonly cpu: number;
    readonly memoryBytes: number;
    readonly sessions: number;
    readonly detached: number;
    /** Accepted from clients. */
    readonly messagesPerSecond: number;
    readonly archivedPerSecond: number;
    readonly logLagSeconds: number | undefined;
    readonly archiveLagSeconds: number | undefined;
  };
}

const SLOWEST = 0.99;
const MS_PER_SECOND = 1_000;
const ROLES = ['edge', 'presence', 'roster', 'archive'];

/** What two looks at all processes, `seconds` apart, say of the cluster. A process that was not there before has no rates but its CPU since its start. */
export function topView(before: readonly ReceivedReport[], now: readonly ReceivedReport[], atMs: number): TopView {
  const looks = now.map((report) => {
    const earlier = before.find(({ id, startedAtMs }) => id === report.id && startedAtMs === report.startedAtMs);
    return { row: rowOf(earlier, report), seconds: earlier === undefined ? 0 : secondsBetween(earlier, report) };
  });
  const rows = looks.map(({ row }) => row).sort((a, b) => roleOf(a) - roleOf(b) || (a.id < b.id ? -1 : 1));
  return { atMs, seconds: Math.max(0, ...looks.map(({ seconds }) => seconds)), rows, totals: totalsOf(rows) };
}

const roleOf = ({ service }: TopRow): number => ROLES.indexOf(service.split(' ', 1)[0] ?? '');

const secondsBetween = (before: ReceivedReport, now: ReceivedReport): number =>
  (now.sentAtMs - before.sentAtMs) / MS_PER_SECOND;

function rowOf(before: ReceivedReport | undefined, now: ReceivedReport): TopRow {
  const { id, service, ready } = now;
  const [earlier, metrics] = [
    before === undefined ? undefined : parseMetrics(before.metrics),
    parseMetrics(now.metrics),
  ];
  const uptimeSeconds = (now.sentAtMs - now.startedAtMs) / MS_PER_SECOND;
  const seconds = before === undefined ? uptimeSeconds : secondsBetween(before, now);
  const slowest = (name: string) =>
    earlier === undefined ? undefined : quantileBetween(earlier, metrics, name, SLOWEST);
  return {
    ...{ id, service, ready, uptimeSeconds },
    version: metrics.get('starling_build_info')?.[0]?.labels.version,
    cpu: growth(earlier, metrics, 'starling_process_cpu_seconds_total') / Math.max(seconds, Number.EPSILON),
    memoryBytes: sumOf(metrics, 'starling_process_resident_memory_bytes') ?? 0,
    // At the first look: since the process began.
    loopLagSeconds: quantileBetween(earlier, metrics, 'starling_runtime_event_loop_delay_seconds', SLOWEST),
    sessions: sumOf(metrics, 'starling_edge_sessions'),
    detached: sumOf(metrics, 'starling_edge_sm_detached'),
    messagesPerSecond: earlier === undefined ? undefined : messagesBetween(earlier, metrics, seconds),
    logLagSeconds: slowest('starling_log_append_seconds'),
    archiveLagSeconds: slowest('starling_archive_lag_seconds'),
    archiveTailBytes: sumOf(metrics, 'starling_archive_tail_bytes'),
  };
}

const ACCEPTED = 'starling_edge_messages_total';
const WRITTEN = 'starling_archive_entries_total';

function messagesBetween(before: Metrics, now: Metrics, seconds: number): number | undefined {
  if (now.has('starling_edge_sessions')) return growth(before, now, ACCEPTED) / seconds;
  if (now.has('starling_archive_streams')) return growth(before, now, WRITTEN, { outcome: 'written' }) / seconds;
  return undefined;
}

const growth = (before: Metrics | undefined, now: Metrics, name: string, label?: Readonly<Record<string, string>>) =>
  Math.max(0, (sumOf(now, name, label) ?? 0) - (before === undefined ? 0 : (sumOf(before, name, label) ?? 0)));

const total = (rows: readonly TopRow[], read: (row: TopRow) => number | undefined): number =>
  rows.reduce((sum, row) => sum + (read(row) ?? 0), 0);

/** The slowest process is what somebody waits for. */
function worst(rows: readonly TopRow[], read: (row: TopRow) => number | undefined): number | undefined {
  const known = rows.map(read).filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function totalsOf(rows: readonly TopRow[]): TopView['totals'] {
  const edges = rows.filter((row) => row.sessions !== undefined);
  const archives = rows.filter((row) => row.sessions === undefined);
  return {
    processes: rows.length,
    notReady: rows.filter(({ ready }) => !ready).length,
    cpu: total(rows, (row) => row.cpu),
    memoryBytes: total(rows, (row) => row.memoryBytes),
    sessions: total(edges, (row) => row.sessions),
    detached: total(edges, (row) => row.detached),
    messagesPerSecond: total(edges, (row) => row.messagesPerSecond),
    archivedPerSecond: total(archives, (row) => row.messagesPerSecond),
    logLagSeconds: worst(edges, (row) => row.logLagSeconds),
    archiveLagSeconds: worst(rows, (row) => row.archiveLagSeconds),
  };
}
