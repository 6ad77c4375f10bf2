import type { MetricSummary } from './run-stand-in.ts';

/** What the cluster itself has counted during a run. */
export interface ClusterCounts {
  /** Messages that edges have written to clients; undefined: it says nothing in this run. */
  readonly delivered: number | undefined;
  /** Entries that archives have written: of each message the sender's and the receiver's. */
  readonly archived: number;
}

const ENTRIES_A_MESSAGE = 2;

const countIn = (metrics: Readonly<Record<string, MetricSummary>>, name: string): number =>
  metrics[name]?.values.count ?? 0;

/** Which promises a run has broken; empty: none. `cluster` undefined: it was not ours to ask. */
export function troubleOf(
  metrics: Readonly<Record<string, MetricSummary>>,
  cluster: ClusterCounts | undefined,
): readonly string[] {
  const trouble: string[] = [];
  for (const [name, { thresholds = {} }] of Object.entries(metrics))
    for (const [rule, { ok }] of Object.entries(thresholds)) if (!ok) trouble.push(`${name}: not ${rule}`);
  const [sent, delivered] = [countIn(metrics, 'messages_sent'), countIn(metrics, 'messages_delivered')];
  const again = countIn(metrics, 'messages_duplicate');
  if (sent !== delivered) trouble.push(`${sent} messages sent, ${delivered} delivered`);
  if (cluster === undefined) return trouble;
  if (cluster.delivered !== undefined && cluster.delivered !== delivered + again)
    trouble.push(`${delivered + again} messages received, but the cluster has counted ${cluster.delivered}`);
  if (cluster.archived !== sent * ENTRIES_A_MESSAGE)
    trouble.push(`${sent} messages sent, but the archive has written ${cluster.archived} entries, not two of each`);
  return trouble;
}
