import type { StreamStart } from '@starling/bus';
import { partitionOf, streamOf, unpackPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';
import type { BareJid } from '@starling/jid';

/**
 * Where the log of the embedded mode goes on after a restart: each stream's last sequence, and the ids of the duplicate window.
 * Read before the log is opened; the tables exist.
 */
export async function recentLogState(
  db: Queryable,
  streams: number,
  duplicateWindowMs: number,
): Promise<ReadonlyMap<number, StreamStart>> {
  const known = await db.query<{ stream: number; created_at_ms: bigint; epoch: number; sequence: bigint }>(
    'select stream, created_at_ms, epoch, sequence from archive_stream where stream < $1',
    [streams],
  );
  const rows = await db.query<{ owner: string; position: bigint; entry_id: Uint8Array; ms: bigint }>(
    `select owner, position, entry_id, (extract(epoch from committed_at) * 1000)::bigint as ms
       from archive where committed_at > now() - $1 * interval '1 ms' order by position`,
    [duplicateWindowMs],
  );
  const recent = new Map<number, { id: string; sequence: number; committedAtMs: number }[]>();
  const epochs = new Map(known.map((k) => [k.stream, k.epoch]));
  for (const row of rows) {
    const stream = streamOf(partitionOf(row.owner as BareJid), streams);
    const { epoch, sequence } = unpackPosition(row.position);
    if (epoch !== epochs.get(stream)) continue;
    const ids = recent.get(stream) ?? [];
    ids.push({ id: Buffer.from(row.entry_id).toString('base64url'), sequence, committedAtMs: Number(row.ms) });
    recent.set(stream, ids);
  }
  return new Map(
    known.map((k) => [
      k.stream,
      { createdAtMs: Number(k.created_at_ms), last: Number(k.sequence), recent: recent.get(k.stream) ?? [] },
    ]),
  );
}
