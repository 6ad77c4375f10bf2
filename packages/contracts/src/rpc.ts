import { starling } from './generated/starling.js';
import { keptWriter } from './kept-writer.ts';
import { type Empty, method } from './method.ts';
import type { Position } from './position.ts';
import { subjects } from './subjects.ts';

const wire = starling.v1;

export interface ScramKeys {
  /** SCRAM-SHA-1 or SCRAM-SHA-256. */
  readonly mechanism: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}
export interface KeysReply {
  /** False: the keys are a decoy, the same at every request for this name, so that names cannot be tried out. */
  readonly exists: boolean;
  readonly keys: readonly ScramKeys[];
}

/** What the roster service answers (proto/account.proto). `user` is a bare JID, prepared. */
export const accounts = {
  keys: method<{ user: string }, KeysReply>(subjects.roster('keys'), wire.KeysRequest, wire.KeysReply),
  /** `conflict` when the account exists. */
  create: method<{ user: string; keys: readonly ScramKeys[] }, Empty>(
    subjects.roster('create'),
    wire.CreateAccountRequest,
    wire.Empty,
  ),
  /** `item-not-found` when the account does not exist. */
  setKeys: method<{ user: string; keys: readonly ScramKeys[] }, Empty>(
    subjects.roster('set-keys'),
    wire.SetKeysRequest,
    wire.Empty,
  ),
  /** `item-not-found` when the account does not exist. */
  remove: method<{ user: string }, Empty>(subjects.roster('remove'), wire.DeleteAccountRequest, wire.Empty),
  exists: method<{ user: string }, { exists: boolean }>(
    subjects.roster('exists'),
    wire.AccountExistsRequest,
    wire.AccountExistsReply,
  ),
  /** In order of the bare JID, behind `after`; `limit` is bounded by the service. */
  list: method<{ domain: string; after: string; limit: number }, { users: readonly string[]; complete: boolean }>(
    subjects.roster('list'),
    wire.ListAccountsRequest,
    wire.ListAccountsReply,
  ),
} as const;

export interface ArchivedEntry {
  readonly position: Position;
  readonly committedAtMs: number;
  readonly envelope: Uint8Array;
}
export interface UserPosition {
  readonly user: string;
  readonly position: Position;
}
export interface GapRequest {
  readonly user: string;
  /** Exclusive. */
  readonly after: Position;
  /** Inclusive; absent = all there is. */
  readonly upTo?: Position | undefined;
  /** 0 = the archive's own bound. */
  readonly limit: number;
}
export interface GapReply {
  readonly entries: readonly ArchivedEntry[];
  readonly complete: boolean;
}

/** Which messages of a user's archive are wanted (XEP-0313); all that is given has to be so. */
export interface PageRequest {
  readonly user: string;
  /** Exclusive. */
  readonly after?: Position | undefined;
  /** Exclusive. */
  readonly before?: Position | undefined;
  /** Time of the commit, inclusive. */
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
  /** Prepared; '' = anybody. A bare JID stands for all its resources. */
  readonly with: string;
  /** Just these; none = no such filter. */
  readonly ids: readonly Position[];
  /** Must be in the archive. */
  readonly known: readonly Position[];
  readonly limit: number;
  /** The last ones, not the first. */
  readonly backwards: boolean;
  /** How many match is wanted too. */
  readonly count: boolean;
}
export interface PageReply {
  /** In the log's order. */
  readonly entries: readonly ArchivedEntry[];
  /** There are no more in the direction of the page. */
  readonly complete: boolean;
  /** Absent also when there are too many to be counted. */
  readonly count?: number | undefined;
  /** False: some of it is not written yet. */
  readonly stable: boolean;
}

/** What the archive of one stream answers (proto/archive.proto). */
export const archive = {
  /** Entries of one user's log, in order; also those that are committed but not yet written to the database. */
  gap: (stream: number) =>
    method<GapRequest, GapReply>(subjects.archive(stream, 'gap'), wire.GapRequest, wire.GapReply),
  /** Where these users' logs end, and the stream's epoch; `fresh`: behind all that was in the stream when it was asked, if that can be told soon. */
  last: (stream: number) =>
    method<
      { known: readonly UserPosition[]; fresh?: boolean | undefined },
      { epoch: number; last: readonly UserPosition[]; upTo?: Position | null }
    >(subjects.archive(stream, 'last'), wire.LastRequest, wire.LastReply),
  /**
   * A page of one user's archive. `item-not-found`: one of `known` or `ids` is not in it; `resource-constraint`: it took too long, or
   * the database is away.
   */
  page: (stream: number) =>
    method<PageRequest, PageReply>(subjects.archive(stream, 'page'), wire.PageRequest, wire.PageReply),
} as const;

export type RpcOutcome = { readonly ok: Uint8Array } | { readonly condition: string; readonly text: string };

export function encodeOutcome(outcome: RpcOutcome): Uint8Array {
  return wire.RpcReply.encode('ok' in outcome ? { ok: outcome.ok } : { error: outcome }, keptWriter()).finish();
}

export function decodeOutcome(bytes: Uint8Array): RpcOutcome {
  const reply = wire.RpcReply.decode(bytes);
  if (reply.error) return { condition: reply.error.condition ?? '', text: reply.error.text ?? '' };
  return { ok: reply.ok ?? new Uint8Array(0) };
}
