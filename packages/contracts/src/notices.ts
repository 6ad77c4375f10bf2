import { starling } from './generated/starling.js';
import { keptWriter } from './kept-writer.ts';
import type { UserPosition } from './rpc.ts';

const wire = starling.v1;

/** Once a second and stream: who has new entries, and up to where (proto/archive.proto). */
export interface Digest {
  readonly stream: number;
  readonly counter: number;
  readonly epoch: number;
  readonly last: readonly UserPosition[];
  readonly publisher: string;
}
export const encodeDigest = (digest: Digest): Uint8Array =>
  wire.Digest.encode(digest as starling.v1.Digest.$Properties, keptWriter()).finish();
export const decodeDigest = (bytes: Uint8Array): Digest => wire.Digest.decode(bytes) as unknown as Digest;

/** A session's state in the session table. */
export const SESSION_STATE = { connected: 0, available: 1, detached: 2 } as const;
export type SessionState = (typeof SESSION_STATE)[keyof typeof SESSION_STATE];

export interface SessionRow {
  readonly resource: string;
  readonly session: string;
  readonly state: SessionState;
  readonly priority: number;
  /** Order of binds, Unix time in ms: the newer one of two equal resources wins. */
  readonly boundAt: number;
  /** That holds it. */
  readonly edge: string;
  /** Wants copies of what the other sessions send and receive (XEP-0280). */
  readonly carbons: boolean;
  /** Rises with each resumption: of two edges that hold the session, the one of the higher epoch does. */
  readonly epoch: number;
}
/** All sessions of one user, as the owner of his presence tells them (proto/session.proto). */
export interface SessionTable {
  readonly user: string;
  /** Since when the publisher owns the user's partition. A table is void beside one of a higher epoch, or of a higher version in the same. */
  readonly epoch: number;
  readonly version: number;
  readonly rows: readonly SessionRow[];
}
export const encodeSessionTable = (table: SessionTable): Uint8Array =>
  wire.SessionTable.encode(table as starling.v1.SessionTable.$Properties, keptWriter()).finish();
export const decodeSessionTable = (bytes: Uint8Array): SessionTable =>
  wire.SessionTable.decode(bytes) as unknown as SessionTable;
