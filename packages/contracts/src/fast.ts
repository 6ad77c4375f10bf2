import { starling } from './generated/starling.js';
import { keptWriter } from './kept-writer.ts';
import { method } from './method.ts';
import { subjects } from './subjects.ts';

const wire = starling.v1;

/** What is kept of a token by which a client logs in again (XEP-0484; proto/fast.proto). */
export interface FastToken {
  readonly id: Uint8Array;
  /** The only one that it is good for. */
  readonly mechanism: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** The highest that came with it; 0: none. */
  readonly count: number;
}

/** The tokens of one client: at most two. */
export interface FastClient {
  /** Hash of the id in its `<user-agent/>`. */
  readonly client: Uint8Array;
  /** Issued and not used yet. */
  readonly fresh?: FastToken | null;
  readonly current?: FastToken | null;
}

/** All tokens of an account. */
export interface FastTokens {
  readonly user: string;
  /** Rises with each change. */
  readonly version: number;
  /** Of which password: with another one they are void. */
  readonly keys: Uint8Array;
  /** The one that was used longest ago first. */
  readonly clients: readonly FastClient[];
}
export const encodeFastTokens = (tokens: FastTokens): Uint8Array =>
  wire.FastTokens.encode(tokens as starling.v1.FastTokens.$Properties, keptWriter()).finish();
export const decodeFastTokens = (bytes: Uint8Array): FastTokens =>
  wire.FastTokens.decode(bytes) as unknown as FastTokens;

/** A client has proven that it has the token `id`. */
export interface FastUse {
  readonly user: string;
  readonly client: Uint8Array;
  readonly id: Uint8Array;
  /** 0: it told none. */
  readonly count: number;
  readonly invalidate: boolean;
  /** Mechanism of the new token that it asks for; '': it does not. */
  readonly wanted: string;
}

/** What the roster service answers about tokens (proto/fast.proto). `user` is a bare JID, prepared. */
export const fast = {
  /** The tokens that a client may have, the newest first; also expired ones. None when there is no such account. */
  list: method<{ user: string; client: Uint8Array }, { tokens: readonly FastToken[] }>(
    subjects.roster('fast-list'),
    wire.FastListRequest,
    wire.FastListReply,
  ),
  /** `not-authorized`: it is not good any more. */
  use: method<FastUse, { issued?: FastToken | null }>(
    subjects.roster('fast-use'),
    wire.FastUseRequest,
    wire.FastUseReply,
  ),
  /** A new one, for a client that has logged in otherwise. `item-not-found`: no such account. */
  issue: method<{ user: string; client: Uint8Array; mechanism: string }, { issued?: FastToken | null }>(
    subjects.roster('fast-issue'),
    wire.FastIssueRequest,
    wire.FastIssueReply,
  ),
} as const;
