import type { ArchiveIds } from '@starling/contracts';
import type { BareJid } from '@starling/jid';

/** Where users' archives are, and how what is in them is called. */
export interface Archives {
  readonly ids: ArchiveIds;
  /** The stream of a user's log: whoever archives that answers for him. */
  streamOf(user: BareJid): number;
}
