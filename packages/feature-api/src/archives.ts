import type { ArchiveIds, Position } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Session } from './session.ts';

/** A part of an archive of which nothing was left out. */
export interface ArchiveSpan {
  /** Exclusive; undefined: from its beginning. */
  readonly after: Position | undefined;
  /** Inclusive. */
  readonly upTo: Position;
}

/** Where users' archives are, and how what is in them is called. */
export interface Archives {
  readonly ids: ArchiveIds;
  /** The stream of a user's log: whoever archives that answers for him. */
  streamOf(user: BareJid): number;
  /** The session's client has been given this part of its archive. */
  wasRead(session: Session, span: ArchiveSpan): void;
}
