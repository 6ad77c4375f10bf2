import { starling } from './generated/starling.js';
import { keptWriter } from './kept-writer.ts';
import { method } from './method.ts';
import type { ArchivePreferences } from './preferences.ts';
import { subjects } from './subjects.ts';

const wire = starling.v1;

/** Whom a user has blocked (XEP-0191), from one moment on (proto/blocks.proto). */
export interface BlockList {
  /** Rises with each change; a list of a lower one is void. 0: never changed. */
  readonly version: number;
  /** Prepared. */
  readonly jids: readonly string[];
  /** The change took back all blocks at once. */
  readonly cleared: boolean;
  /** In an answer, where they were asked for as well; not of a service of an older release. */
  readonly preferences?: ArchivePreferences | null;
}
export const encodeBlockList = (list: BlockList): Uint8Array =>
  wire.BlockList.encode(list as starling.v1.BlockList.$Properties, keptWriter()).finish();
export const decodeBlockList = (bytes: Uint8Array): BlockList => wire.BlockList.decode(bytes) as unknown as BlockList;

/** What the roster service answers about block lists. `user` is a bare JID, prepared. */
export const blocks = {
  /** `preferences`: those for archiving as well, since who needs one needs both. `item-not-found`: no such account. */
  list: method<{ user: string; preferences?: boolean }, BlockList>(
    subjects.roster('blocks'),
    wire.BlockListRequest,
    wire.BlockList,
  ),
  /**
   * The list after the change, once the user's log has it. `item-not-found`: no such account; `policy-violation`: more than may be
   * kept.
   */
  change: method<
    { user: string; block: readonly string[]; unblock: readonly string[]; unblockAll: boolean },
    BlockList
  >(subjects.roster('change-blocks'), wire.ChangeBlocksRequest, wire.BlockList),
} as const;
