import { ARCHIVE_DEFAULT, type ArchiveDefault, type ArchivePreferences } from '@starling/contracts';
import { bareOf, type Jid } from '@starling/jid';

/** Preferences, to be looked up in. */
export interface Keeping {
  readonly fallback: ArchiveDefault;
  readonly always: ReadonlySet<string>;
  readonly never: ReadonlySet<string>;
  readonly roster: ReadonlySet<string>;
}

export const keepingOf = ({ fallback, always, never, roster }: ArchivePreferences): Keeping => ({
  fallback,
  always: new Set(always),
  never: new Set(never),
  roster: new Set(roster),
});

/**
 * Whether a message with somebody belongs in the archive of an owner with these preferences ("JID matching"). The more exact entry goes
 * first, and of two alike the one that keeps less, on both of which the XEP is silent. The archive's statement says the same (write-rows.ts).
 */
export function keepsArchived(keeping: Keeping | undefined, peer: Jid): boolean {
  if (keeping === undefined) return true;
  const { fallback, always, never, roster } = keeping;
  if (never.has(peer)) return false;
  if (always.has(peer)) return true;
  const bare = bareOf(peer);
  if (never.has(bare)) return false;
  if (always.has(bare)) return true;
  return fallback === ARCHIVE_DEFAULT.roster ? roster.has(bare) : fallback === ARCHIVE_DEFAULT.always;
}
