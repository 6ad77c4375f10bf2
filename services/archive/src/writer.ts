import { FATE, KIND, type Position } from '@starling/contracts';
import type { Db } from '@starling/db';
import { writeCreation, writeDeletion } from './sql/write-account.ts';
import { type NewRow, writeRows } from './sql/write-rows.ts';
import type { TailEntry } from './tail.ts';

/** What becomes of the first entries of a tail, in one transaction. */
export interface Written {
  /** False: another process has moved the watermark, nothing was written. */
  readonly moved: boolean;
  /** Where the watermark is now, when it has moved. */
  readonly upTo: number;
  readonly rows: number;
  /** Entries for owners without an account, in order. */
  readonly rejected: readonly TailEntry[];
  /** Entries that never become rows. */
  readonly skipped: number;
  readonly unreadable: number;
  readonly accounts: number;
}

const isNotice = ({ envelope }: TailEntry): boolean =>
  envelope?.kind === KIND.accountCreated || envelope?.kind === KIND.accountDeleted;

/** Only what a log promises to keep becomes a row. */
const becomesRow = ({ envelope }: TailEntry): boolean =>
  envelope?.kind === KIND.message && (envelope.fate === FATE.archived || envelope.fate === FATE.passing);

/**
 * Writes the first entries of a batch: a notice about an account alone, else all up to the next notice, so that each row is judged
 * by the accounts that there were at its place in the log.
 * @throws DbUnavailableError: try again
 */
export async function writeFirst(
  db: Db,
  stream: number,
  from: Position,
  batch: readonly TailEntry[],
): Promise<Written> {
  const [first] = batch;
  if (first && isNotice(first)) return writeNotice(db, stream, from, first);
  const end = batch.findIndex(isNotice);
  return writeMessages(db, stream, from, end < 0 ? batch : batch.slice(0, end));
}

async function writeNotice(db: Db, stream: number, from: Position, entry: TailEntry): Promise<Written> {
  const owner = entry.envelope?.owner ?? '';
  const write = entry.envelope?.kind === KIND.accountCreated ? writeCreation : writeDeletion;
  const moved = await write(db, stream, from, { epoch: from.epoch, sequence: entry.sequence }, owner);
  return { moved, upTo: entry.sequence, rows: 0, rejected: [], skipped: 0, unreadable: 0, accounts: 1 };
}

async function writeMessages(db: Db, stream: number, from: Position, entries: readonly TailEntry[]): Promise<Written> {
  const upTo = entries.at(-1)?.sequence ?? from.sequence;
  const rows = entries.filter(becomesRow).map((entry) => rowOf(entry, from.epoch));
  const result = await writeRows(db, stream, from, { epoch: from.epoch, sequence: upTo }, rows);
  const unknown = new Set(result.unknown);
  const unreadable = entries.filter((entry) => !entry.envelope).length;
  return {
    moved: result.moved,
    upTo,
    rows: result.written,
    rejected: entries.filter((entry) => becomesRow(entry) && unknown.has(entry.envelope?.owner ?? '')),
    skipped: entries.length - rows.length - unreadable,
    unreadable,
    accounts: 0,
  };
}

function rowOf({ sequence, committedAtMs, id, data, envelope }: TailEntry, epoch: number): NewRow {
  return {
    owner: envelope?.owner ?? '',
    position: { epoch, sequence },
    committedAtMs,
    entryId: id,
    fate: envelope?.fate ?? 0,
    copy: envelope?.copy ?? 0,
    envelope: data,
  };
}
