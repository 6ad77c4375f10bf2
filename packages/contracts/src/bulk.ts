import { starling } from './generated/starling.js';
import { type Empty, method } from './method.ts';
import type { PrivateXml } from './personal.ts';
import type { Position } from './position.ts';
import type { RosterItem } from './roster.ts';
import type { ArchivedEntry, GapReply } from './rpc.ts';
import { subjects } from './subjects.ts';

const wire = starling.v1;

/** An entry from elsewhere: its place follows from the order. */
export type ImportedEntry = Pick<ArchivedEntry, 'committedAtMs' | 'envelope'>;

export interface ImportedRequest {
  readonly contact: string;
  readonly stanza: Uint8Array;
}

/** What moving accounts asks for (proto/bulk.proto). `user` is a bare JID, prepared. */
export const bulk = {
  /** All private XML of an account. */
  privateXml: method<{ user: string }, { elements: readonly PrivateXml[] }>(
    subjects.roster('private-list'),
    wire.PrivateXmlListRequest,
    wire.PrivateXmlListReply,
  ),
  /** `item-not-found`: no such account; `conflict`: it has a roster already; conditions of rosters.set. */
  importRoster: method<{ user: string; items: readonly RosterItem[]; requests: readonly ImportedRequest[] }, Empty>(
    subjects.roster('roster-import'),
    wire.RosterImportRequest,
    wire.Empty,
  ),
  /** `item-not-found`: no such account; `bad-request`: no message of somebody to this user. */
  importOffline: method<{ user: string; stanzas: readonly Uint8Array[] }, Empty>(
    subjects.roster('offline-import'),
    wire.OfflineImportRequest,
    wire.Empty,
  ),
  passing: (stream: number) =>
    method<{ user: string; after?: Position | undefined; limit: number }, GapReply>(
      subjects.archive(stream, 'passing'),
      wire.PassingRequest,
      wire.GapReply,
    ),
  /** `item-not-found`: the archive does not know of the account, or not yet. */
  importArchive: (stream: number) =>
    method<{ user: string; from: number; entries: readonly ImportedEntry[] }, { next: number }>(
      subjects.archive(stream, 'import'),
      wire.ArchiveImportRequest,
      wire.ArchiveImportReply,
    ),
  prune: (stream: number) =>
    method<{ user: string; beforeMs: number }, { erased: number; complete: boolean }>(
      subjects.archive(stream, 'prune'),
      wire.PruneRequest,
      wire.PruneReply,
    ),
} as const;
