import type { Log, LogEntry, StreamInfo } from '@starling/bus';
import { decodeEnvelope } from '@starling/contracts';
import type { Db } from '@starling/db';
import { type RowKey, selectLastRow } from './sql/select-last-row.ts';
import type { Watermark } from './sql/select-watermark.ts';

/** Compared at once, from the end on: not every entry has a row, but hardly so many together have none. */
const COMPARED_MAX = 1_000;
const READ_WAIT_MS = 1_000;

/**
 * The last sequence of a stream whose entry was written before, 0 when there is none: where a stream ends that was restored from a backup, or has lost
 * its end, and may have grown again since. The time when it was made does not say so: a cluster of NATS servers gives that of the restore.
 */
export async function findLastWritten(db: Db, log: Log, mark: Watermark, info: StreamInfo): Promise<number> {
  const { epoch, sequence } = mark.position;
  for (let end = Math.min(info.last, sequence); end >= info.first; end -= COMPARED_MAX) {
    const entries = await readBetween(log, info.stream, Math.max(info.first, end - COMPARED_MAX + 1), end);
    const keys = entries.flatMap((entry) => keyOf(entry, epoch) ?? []);
    const found = keys[await selectLastRow(db, keys)];
    if (found !== undefined) return found.position.sequence;
  }
  return 0;
}

async function readBetween(log: Log, stream: number, from: number, upTo: number): Promise<readonly LogEntry[]> {
  const found: LogEntry[] = [];
  const reader = await log.read(stream, from);
  try {
    for (;;) {
      const entries = await reader.next(COMPARED_MAX, READ_WAIT_MS);
      found.push(...entries.filter((entry) => entry.sequence <= upTo));
      if (entries.length === 0 || (entries.at(-1)?.sequence ?? upTo) >= upTo) return found;
    }
  } finally {
    await reader.close();
  }
}

function keyOf({ sequence, committedAtMs, id, data }: LogEntry, epoch: number): RowKey | undefined {
  try {
    return { owner: decodeEnvelope(data).owner, position: { epoch, sequence }, committedAtMs, entryId: id };
  } catch {
    // Policy: what nobody can read never became a row.
    return undefined;
  }
}
