import { starling } from './generated/starling.js';
import { keptWriter } from './kept-writer.ts';
import { method } from './method.ts';
import { subjects } from './subjects.ts';

const wire = starling.v1;

/** What becomes of messages with whom neither list names (XEP-0441 "Default behaviour"). */
export const ARCHIVE_DEFAULT = { always: 0, never: 1, roster: 2 } as const;
export type ArchiveDefault = (typeof ARCHIVE_DEFAULT)[keyof typeof ARCHIVE_DEFAULT];

/** What of a user's messages is archived, from one moment on (proto/preferences.proto). */
export interface ArchivePreferences {
  /** Rises with each change; those of a lower one are void. 0: never changed. */
  readonly version: number;
  readonly fallback: ArchiveDefault;
  /** Prepared. */
  readonly always: readonly string[];
  readonly never: readonly string[];
  /** Bare JIDs in the user's roster, if the fallback goes by it: as they were at this entry's place in the log. */
  readonly roster: readonly string[];
}
export const encodeArchivePreferences = (preferences: ArchivePreferences): Uint8Array =>
  wire.ArchivePreferences.encode(preferences as starling.v1.ArchivePreferences.$Properties, keptWriter()).finish();
export const decodeArchivePreferences = (bytes: Uint8Array): ArchivePreferences =>
  wire.ArchivePreferences.decode(bytes) as unknown as ArchivePreferences;

/** What the roster service answers about archiving preferences, as it has the rosters that they may go by. `user` is a bare JID, prepared. */
export const preferences = {
  get: method<{ user: string }, ArchivePreferences>(
    subjects.roster('preferences-get'),
    wire.ArchivePreferencesRequest,
    wire.ArchivePreferences,
  ),
  /**
   * All of them anew; the preferences after the change, once the user's log has them. `item-not-found`: no such account;
   * `policy-violation`: more than may be kept.
   */
  set: method<
    { user: string; fallback: ArchiveDefault; always: readonly string[]; never: readonly string[] },
    ArchivePreferences
  >(subjects.roster('preferences-set'), wire.SetArchivePreferencesRequest, wire.ArchivePreferences),
} as const;
