import { COPY, type Envelope, KIND, type Position, packPosition } from '@starling/contracts';
import type { TailEntry } from './tail.ts';

export interface ArchiveRow {
  readonly owner: string;
  readonly position: bigint;
  readonly committedAtMs: number;
  readonly id: string;
  readonly fate: number;
  readonly copy: number;
  readonly data: Uint8Array;
}

/** What one batch of a log comes to, in the log's order. */
export interface Verdicts {
  readonly rows: readonly ArchiveRow[];
  /** Accounts that begin here: owner → position. */
  readonly created: ReadonlyMap<string, bigint>;
  /** Accounts that end here; everything of theirs before this position goes. */
  readonly deleted: ReadonlyMap<string, bigint>;
  /** Entries for accounts that do not exist, whose senders hear it. */
  readonly bounced: readonly Envelope[];
  /** Entries that became nothing, by reason. */
  readonly rejected: { readonly unknownOwner: number; readonly unreadable: number };
}

/**
 * The gatekeeper's rule: which entries of a batch become rows. `exists` says whether an account existed before the batch; creations and
 * deletions are entries too, so the rest follows from the order: an entry before a creation never reaches the account.
 */
export function judge(entries: readonly TailEntry[], epoch: number, exists: (owner: string) => boolean): Verdicts {
  let rows: ArchiveRow[] = [];
  const created = new Map<string, bigint>();
  const deleted = new Map<string, bigint>();
  const bounced: Envelope[] = [];
  const rejected = { unknownOwner: 0, unreadable: 0 };
  const isThere = (owner: string) => created.has(owner) || (exists(owner) && !deleted.has(owner));

  for (const { envelope, sequence, committedAtMs, id, data } of entries) {
    if (envelope === undefined) {
      rejected.unreadable++;
      continue;
    }
    const { owner } = envelope;
    const position = packPosition({ epoch, sequence } satisfies Position);
    if (envelope.kind === KIND.accountCreated) {
      created.set(owner, position);
    } else if (envelope.kind === KIND.accountDeleted) {
      created.delete(owner);
      deleted.set(owner, position);
      rows = rows.filter((row) => row.owner !== owner);
    } else if (isThere(owner)) {
      rows.push({ owner, position, committedAtMs, id, fate: envelope.fate, copy: envelope.copy, data });
    } else {
      rejected.unknownOwner++;
      if (envelope.copy === COPY.received && envelope.type !== 'error') bounced.push(envelope);
    }
  }
  return { rows, created, deleted, bounced, rejected };
}
