import { RpcError } from '@starling/bus';
import {
  decodeEnvelope,
  EnvelopeError,
  FATE,
  type GapReply,
  type ImportedEntry,
  KIND,
  type Position,
  START,
} from '@starling/contracts';
import { type Db, DbUnavailableError } from '@starling/db';
import type { ArchiveConfig } from './config.ts';
import type { Partitions } from './partitions.ts';
import { peerOf } from './peer-of.ts';
import { insertImported, lockImported } from './sql/import-rows.ts';
import { eraseOlder } from './sql/prune.ts';
import { selectPassing } from './sql/select-passing.ts';
import type { NewRow } from './sql/write-rows.ts';

/** Rows that one request writes. */
const IMPORTED_MAX = 5_000;
/** Rows that one request erases: it must not run into the statement timeout. */
const ERASED_MAX = 5_000;

/** What moving accounts from one system to another asks of the archive, and pruning by hand. */
export class Bulk {
  readonly #db: Db;
  readonly #config: Pick<ArchiveConfig, 'gapBytes' | 'gapEntries'>;
  readonly #partitions: Partitions;

  constructor(options: { db: Db; config: Pick<ArchiveConfig, 'gapBytes' | 'gapEntries'>; partitions: Partitions }) {
    this.#db = options.db;
    this.#config = options.config;
    this.#partitions = options.partitions;
  }

  /** @throws RpcError resource-constraint */
  async passing(user: string, after: Position | undefined, limit: number): Promise<GapReply> {
    const { gapBytes: bytesMax, gapEntries } = this.#config;
    const entriesMax = limit > 0 ? Math.min(limit, gapEntries) : gapEntries;
    const entries = await ask(() => selectPassing(this.#db, user, after ?? START, { entriesMax, bytesMax }));
    // Whether there are more only the next question tells, which is cheap.
    return { entries, complete: entries.length === 0 };
  }

  /**
   * Writes entries behind those that were imported before, or nothing when these are not as many as the asker believes: who asks again
   * after silence doubles nothing. @throws RpcError item-not-found, bad-request, resource-constraint
   */
  import(user: string, from: number, entries: readonly ImportedEntry[]): Promise<number> {
    if (entries.length > IMPORTED_MAX) throw new RpcError('bad-request', `more than ${IMPORTED_MAX} entries`);
    const rows = entries.map((entry, index) => rowOf(user, from + index + 1, entry));
    const work = () =>
      this.#db.transaction(async (tx) => {
        const imported = await lockImported(tx, user);
        if (imported === undefined) throw new RpcError('item-not-found', 'the archive does not know the account');
        if (imported !== from || rows.length === 0) return imported;
        await insertImported(tx, rows);
        return from + rows.length;
      });
    return ask(() => this.#partitions.having(rows, work));
  }

  /** @throws RpcError resource-constraint */
  async prune(user: string, beforeMs: number): Promise<{ erased: number; complete: boolean }> {
    const erased = await ask(() => eraseOlder(this.#db, user, beforeMs, ERASED_MAX));
    return { erased, complete: erased < ERASED_MAX };
  }
}

/** @throws RpcError bad-request when it is no message of this user's archive */
function rowOf(user: string, sequence: number, { committedAtMs, envelope: data }: ImportedEntry): NewRow {
  const envelope = envelopeIn(data);
  if (
    envelope?.owner !== user ||
    envelope.kind !== KIND.message ||
    envelope.fate !== FATE.archived ||
    committedAtMs <= 0
  )
    throw new RpcError('bad-request', 'no message of this archive');
  const { id: entryId, fate, copy } = envelope;
  const position = { epoch: 0, sequence };
  return { owner: user, position, committedAtMs, entryId, fate, copy, envelope: data, peer: peerOf(envelope) };
}

function envelopeIn(data: Uint8Array) {
  try {
    return decodeEnvelope(data);
  } catch (error) {
    // Policy: what cannot be read is refused with the rest that makes no sense.
    if (!(error instanceof EnvelopeError)) throw error;
    return undefined;
  }
}

async function ask<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Policy: this is the boundary where an absent database becomes a condition.
    if (!(error instanceof DbUnavailableError)) throw error;
    throw new RpcError('resource-constraint', 'the database is away', { cause: error });
  }
}
