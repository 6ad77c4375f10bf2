import type { StreamStart } from '@starling/bus';
import { partitionOf, streamOf } from '@starling/contracts';
import type { Db } from '@starling/db';
import type { BareJid } from '@starling/jid';
import { migrateArchive } from './prepare-tables.ts';
import { type RecentEntry, selectRecent, selectStreams } from './sql/select-recent.ts';

/** At least the longest duplicate window that is in use. */
const WINDOW_MS = 300_000;
/** 3,300 entries a second for that long. */
const RECENT_MAX = 1_000_000;

/**
 * Where a log in this process goes on after a restart: its streams' age and last sequence, and the ids that it must know again,
 * as far as they became rows. By stream; one that never was is left out.
 * @throws DbUnavailableError, MigrationError
 */
export async function recentLogState(db: Db): Promise<ReadonlyMap<number, StreamStart>> {
  await migrateArchive(db);
  const streams = await selectStreams(db);
  const recent = new Map<number, RecentEntry[]>(streams.map(({ stream }) => [stream, []]));
  for (const entry of await selectRecent(db, Date.now() - WINDOW_MS, RECENT_MAX))
    recent.get(streamOf(partitionOf(entry.owner as BareJid), streams.length))?.push(entry);
  return new Map(
    streams
      .filter(({ createdAtMs }) => createdAtMs > 0)
      .map(({ stream, position, createdAtMs }) => [
        stream,
        { createdAtMs, last: position.sequence, recent: inOrder(recent.get(stream) ?? [], position.epoch) },
      ]),
  );
}

const inOrder = (entries: readonly RecentEntry[], epoch: number): StreamStart['recent'] =>
  entries
    .filter(({ position }) => position.epoch === epoch)
    .map(({ entryId, position, committedAtMs }) => ({ id: entryId, sequence: position.sequence, committedAtMs }))
    .sort((a, b) => a.sequence - b.sequence);
