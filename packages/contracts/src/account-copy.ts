import { starling } from './generated/starling.js';
import { keptWriter } from './kept-writer.ts';
import type { ArchivePreferences } from './preferences.ts';
import type { RosterItem, RosterVersion } from './roster.ts';
import type { ScramKeys } from './rpc.ts';

const wire = starling.v1;

/** What an account was when it was copied; `unknown`: it is too large for a copy. */
export const ACCOUNT_STATE = { unknown: 0, exists: 1, removed: 2 } as const;
export type AccountState = (typeof ACCOUNT_STATE)[keyof typeof ACCOUNT_STATE];

export interface CopiedItem {
  readonly item: RosterItem;
  readonly changed: number;
}

/** What the roster service has to know of an account while the database is away (proto/account-copy.proto). */
export interface AccountCopy {
  readonly user: string;
  /** Rises with each change, also from one account of a name to the next: a copy of a lower one is void. */
  readonly revision: number;
  readonly state: AccountState;
  readonly writtenAtMs: number;
  readonly keys: readonly ScramKeys[];
  /** Absent unless the account exists. */
  readonly version?: RosterVersion | null;
  readonly pruned: number;
  /** In order of their last changes; traces of removed ones among them. */
  readonly items: readonly CopiedItem[];
  readonly requests: readonly Uint8Array[];
  readonly blocksVersion: number;
  readonly blocked: readonly string[];
  /** Absent: never changed. Without a roster: the items are it. */
  readonly preferences?: ArchivePreferences | null;
}
export const encodeAccountCopy = (copy: AccountCopy): Uint8Array =>
  wire.AccountCopy.encode(copy as starling.v1.AccountCopy.$Properties, keptWriter()).finish();
export const decodeAccountCopy = (bytes: Uint8Array): AccountCopy =>
  wire.AccountCopy.decode(bytes) as unknown as AccountCopy;
