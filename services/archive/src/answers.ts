import {
  type ArchivedEntry,
  comparePositions,
  type GapReply,
  type GapRequest,
  KIND,
  type Position,
  type UserPosition,
} from '@starling/contracts';
import type { Db } from '@starling/db';
import type { ArchiveConfig } from './config.ts';
import type { ArchiveMetrics } from './metrics.ts';
import { selectEntries, selectLast } from './sql/select-entries.ts';
import type { StreamWriter } from './stream-writer.ts';

/** What edges ask of the archive of one stream, answered from the rows and from what is not yet written. */
export class Answers {
  readonly #writer: StreamWriter;
  readonly #db: Db;
  readonly #config: ArchiveConfig;
  readonly #metrics: ArchiveMetrics;

  constructor(options: { writer: StreamWriter; db: Db; config: ArchiveConfig; metrics: ArchiveMetrics }) {
    this.#writer = options.writer;
    this.#db = options.db;
    this.#config = options.config;
    this.#metrics = options.metrics;
  }

  /** Entries of one user behind a position, in order. @throws DbUnavailableError when rows are needed and the database is away */
  async gap({ user, after, upTo, limit }: GapRequest): Promise<GapReply> {
    const most = Math.min(limit === 0 ? this.#config.gapEntriesMax : limit, this.#config.gapEntriesMax);
    // The tail first: what is written between the two looks is then in both, never in none.
    const unwritten = this.#unwritten(user);
    const inMemory = comparePositions(after, this.#writer.written) >= 0;
    this.#metrics.gapReads.inc(1, { from: inMemory ? 'memory' : 'database' });
    const rows = inMemory ? [] : await selectEntries(this.#db, user, after, upTo, most + 1);
    const lastRow = rows.at(-1)?.position ?? after;
    const behind = unwritten.filter(
      (e) =>
        comparePositions(e.position, lastRow) > 0 && (upTo === undefined || comparePositions(e.position, upTo) <= 0),
    );
    const all = rows.length > most ? rows : [...rows, ...behind];
    const page = this.#page(all, most);
    return { entries: page, complete: page.length === all.length };
  }

  /** Where the logs of these users end. Users without an entry are missing from the answer. */
  async last(known: readonly UserPosition[]): Promise<{ epoch: number; last: readonly UserPosition[] }> {
    const positions = new Map<string, Position>();
    const asked: string[] = [];
    for (const { user } of known) {
      const entry = this.#unwritten(user).at(-1);
      if (entry === undefined) asked.push(user);
      else positions.set(user, entry.position);
    }
    if (asked.length > 0)
      for (const [user, position] of await selectLast(this.#db, asked)) positions.set(user, position);
    return { epoch: this.#writer.epoch, last: [...positions].map(([user, position]) => ({ user, position })) };
  }

  #unwritten(user: string): readonly ArchivedEntry[] {
    const { epoch } = this.#writer;
    return this.#writer.tail
      .of(user)
      .filter((e) => e.envelope?.kind === KIND.message)
      .map((e) => ({ position: { epoch, sequence: e.sequence }, committedAtMs: e.committedAtMs, envelope: e.data }));
  }

  /** As many as fit into one answer, at least one. */
  #page(entries: readonly ArchivedEntry[], most: number): readonly ArchivedEntry[] {
    let bytes = 0;
    let count = 0;
    for (const { envelope } of entries) {
      bytes += envelope.length;
      if (count > 0 && (count >= most || bytes > this.#config.gapBytesMax)) break;
      count++;
    }
    return entries.slice(0, count);
  }
}
