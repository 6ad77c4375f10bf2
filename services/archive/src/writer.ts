import {
  type ArchivePreferences,
  decodeArchivePreferences,
  decodeBlockList,
  FATE,
  KIND,
  type Position,
} from '@starling/contracts';
import type { Db, Queryable } from '@starling/db';
import { peerOf } from './peer-of.ts';
import { isRetraction, writeTombstones } from './retractions.ts';
import type { SearchBounds } from './sql/select-retracted.ts';
import { writeCreation, writeDeletion } from './sql/write-account.ts';
import { writeBlocks } from './sql/write-blocks.ts';
import { writePreferences } from './sql/write-preferences.ts';
import { type NewRow, writeRows } from './sql/write-rows.ts';
import { isNotice, type TailEntry } from './tail-entry.ts';

/** What becomes of the first entries of a tail, in one transaction. */
export interface Written {
  /** False: another process has moved the watermark, nothing was written. */
  readonly moved: boolean;
  /** Where the watermark is now, when it has moved. */
  readonly upTo: number;
  readonly rows: number;
  /** Entries for owners without an account, in order. */
  readonly rejected: readonly TailEntry[];
  /** Messages whose owners have blocked the sender, in order. */
  readonly blocked: readonly TailEntry[];
  /** Messages for which their owners have no room, in order. */
  readonly over: readonly TailEntry[];
  /** Entries that never become rows. */
  readonly skipped: number;
  readonly unreadable: number;
  readonly accounts: number;
  readonly blockLists: number;
  readonly preferences: number;
  /** Messages that were taken back (XEP-0424). */
  readonly retracted: number;
}

const NO_BYTES = new Uint8Array(0);
const NOTHING = {
  ...{ rows: 0, rejected: [], blocked: [], over: [], skipped: 0, unreadable: 0, accounts: 0, blockLists: 0 },
  ...{ preferences: 0, retracted: 0 },
} as const;
const NO_SEARCH: SearchBounds = { rowsMax: 0, bytesMax: 0 };
/** Retractions in one transaction: each costs a search, while others wait for the watermark. */
const RETRACTIONS_MAX = 50;

/** Only what a log promises to keep becomes a row. */
const becomesRow = ({ envelope }: TailEntry): boolean =>
  envelope?.kind === KIND.message && (envelope.fate === FATE.archived || envelope.fate === FATE.passing);

/**
 * Writes the first entries of a batch: a notice about an account, a block list or preferences alone, else all up to the next notice, so that each
 * row is judged by what there was of them at its place in the log.
 * @param search among what the message of a retraction is looked for
 * @throws DbUnavailableError: try again
 */
export async function writeFirst(
  db: Db,
  stream: number,
  from: Position,
  batch: readonly TailEntry[],
  search: SearchBounds,
): Promise<Written> {
  const [first] = batch;
  if (first && isNotice(first)) return writeNotice(db, stream, from, first);
  return writeMessages(db, stream, from, batch.slice(0, endOfMessages(batch)), search);
}

/** Up to the next notice, or to so many retractions. */
function endOfMessages(batch: readonly TailEntry[]): number {
  let retractions = 0;
  const end = batch.findIndex((entry) => isNotice(entry) || (isRetraction(entry) && ++retractions > RETRACTIONS_MAX));
  return end < 0 ? batch.length : end;
}

async function writeNotice(db: Db, stream: number, from: Position, entry: TailEntry): Promise<Written> {
  if (entry.envelope?.kind === KIND.blocksChanged) return writeBlockList(db, stream, from, entry);
  if (entry.envelope?.kind === KIND.preferencesChanged) return writeArchivePreferences(db, stream, from, entry);
  const notice = noticeOf(entry, from.epoch);
  const moved = await (entry.envelope?.kind === KIND.accountCreated
    ? writeCreation(db, stream, from, notice.position, notice.owner)
    : writeDeletion(db, stream, from, notice));
  return { ...NOTHING, moved, upTo: entry.sequence, accounts: 1 };
}

async function writeBlockList(db: Db, stream: number, from: Position, entry: TailEntry): Promise<Written> {
  const jids = jidsIn(entry);
  if (jids === undefined) return writeMessages(db, stream, from, [entry]);
  const moved = await writeBlocks(db, stream, from, { ...noticeOf(entry, from.epoch), jids });
  return { ...NOTHING, moved, upTo: entry.sequence, blockLists: 1 };
}

/** What is kept of an entry beside what it says. */
const noticeOf = ({ sequence, committedAtMs, id, data, envelope }: TailEntry, epoch: number) => ({
  owner: envelope?.owner ?? '',
  position: { epoch, sequence },
  committedAtMs,
  entryId: id,
  envelope: data,
});

/** Undefined when nobody can read it. */
export function jidsIn({ envelope }: TailEntry): readonly string[] | undefined {
  try {
    return decodeBlockList(envelope?.stanza ?? NO_BYTES).jids;
  } catch {
    // Policy: a list that nobody can read must not stop the log; the one before it goes on.
    return undefined;
  }
}

/** As jidsIn. */
export function preferencesIn({ envelope }: TailEntry): ArchivePreferences | undefined {
  try {
    return decodeArchivePreferences(envelope?.stanza ?? NO_BYTES);
  } catch {
    // Policy: as for a block list.
    return undefined;
  }
}

async function writeArchivePreferences(db: Db, stream: number, from: Position, entry: TailEntry): Promise<Written> {
  const preferences = preferencesIn(entry);
  if (preferences === undefined) return writeMessages(db, stream, from, [entry]);
  const moved = await writePreferences(db, stream, from, { ...noticeOf(entry, from.epoch), preferences });
  return { ...NOTHING, moved, upTo: entry.sequence, preferences: 1 };
}

async function writeMessages(
  db: Db,
  stream: number,
  from: Position,
  entries: readonly TailEntry[],
  search = NO_SEARCH,
): Promise<Written> {
  const upTo = entries.at(-1)?.sequence ?? from.sequence;
  const kept = entries.filter(becomesRow);
  const rows = kept.map((entry) => rowOf(entry, from.epoch));
  const write = async (to: Queryable) => {
    const result = await writeRows(to, stream, from, { epoch: from.epoch, sequence: upTo }, rows);
    const [unknown, blocked, over] = [new Set(result.unknown), new Set(result.blocked), new Set(result.over)];
    return {
      ...result,
      rejected: kept.filter((entry) => unknown.has(entry.envelope?.owner ?? '')),
      blocked: kept.filter((_, place) => blocked.has(place)),
      over: kept.filter((_, place) => over.has(place)),
    };
  };
  const retractions = kept.filter(isRetraction);
  // One statement is a transaction, and almost all batches are one.
  const result = await (retractions.length === 0
    ? write(db).then((written) => ({ ...written, retracted: 0 }))
    : db.transaction(async (tx) => {
        const written = await write(tx);
        const refused = new Set([...written.rejected, ...written.blocked, ...written.over]);
        const accepted = written.moved ? retractions.filter((entry) => !refused.has(entry)) : [];
        return { ...written, retracted: await writeTombstones(tx, from.epoch, accepted, search) };
      }));
  const unreadable = entries.filter((entry) => !entry.envelope).length;
  return {
    ...NOTHING,
    moved: result.moved,
    upTo,
    rows: result.written,
    rejected: result.rejected,
    blocked: result.blocked,
    over: result.over,
    skipped: entries.length - rows.length - unreadable,
    unreadable,
    retracted: result.retracted,
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
    peer: envelope === undefined ? '' : peerOf(envelope),
  };
}
