import type { BareJid } from '@starling/jid';
import { partitionOf } from './partition.ts';
import { tokenOf } from './token.ts';

/** Users whose subjects are kept; beyond it all are made anew, which costs some microseconds each. */
const KEPT_MAX = 2_048;

/** What a bare JID becomes on the bus. */
export interface UserSubjects {
  readonly partition: number;
  /** Durable ingest. */
  readonly log: string;
  /** Everything live. */
  readonly live: string;
}

/** Who writes and is written to does so again: his subjects are needed twice for each message, and always the same. */
const kept = new Map<BareJid, UserSubjects>();

/** The partition and subjects of a bare JID: a pure function that remembers. */
export function subjectsOf(user: BareJid): UserSubjects {
  const known = kept.get(user);
  if (known !== undefined) return known;
  const partition = partitionOf(user);
  const tail = `${partition}.${tokenOf(user)}`;
  const made: UserSubjects = { partition, log: `m.${tail}`, live: `u.${tail}` };
  if (kept.size >= KEPT_MAX) kept.clear();
  kept.set(user, made);
  return made;
}
