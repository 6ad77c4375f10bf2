import { starling } from './generated/starling.js';
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

/** What the archive of one stream answers (proto/archive.proto). */
export const archive = {
  /** Entries of one user's log, in order; also those that are committed but not yet written to the database. */
  gap: (stream: number) =>
    method<GapRequest, GapReply>(subjects.archive(stream, 'gap'), wire.GapRequest, wire.GapReply),
  /** Where these users' logs end, and the stream's epoch. */
  last: (stream: number) =>
    method<{ known: readonly UserPosition[] }, { epoch: number; last: readonly UserPosition[] }>(
      subjects.archive(stream, 'last'),
      wire.LastRequest,
      wire.LastReply,
    ),
} as const;

export type RpcOutcome = { readonly ok: Uint8Array } | { readonly condition: string; readonly text: string };

export function encodeOutcome(outcome: RpcOutcome): Uint8Array {
  return wire.RpcReply.encode('ok' in outcome ? { ok: outcome.ok } : { error: outcome }).finish();
}

export function decodeOutcome(bytes: Uint8Array): RpcOutcome {
  const reply = wire.RpcReply.decode(bytes);
  if (reply.error) return { condition: reply.error.condition ?? '', text: reply.error.text ?? '' };
  return { ok: reply.ok ?? new Uint8Array(0) };
}
