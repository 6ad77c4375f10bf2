import { createHash } from 'node:crypto';
import type { BareJid } from '@starling/jid';

export interface EntryIdentity {
  readonly sender: BareJid;
  /** The bare JID of the log. */
  readonly owner: BareJid;
  /** The origin-id, else `SM-ID:count`, else `connection:count`. */
  readonly key: string;
  /** The children without `<delay/>`, which a client may add when it sends again (XEP-0198 §5). */
  readonly payload: Uint8Array;
}

/**
 * The message id of an append: the same at every retry of an entry, never the same for two entries. JetStream compares ids
 * within a stream, not a subject, and acknowledges a duplicate like a success: so the owner and the sender are in the hash.
 */
export function entryId({ sender, owner, key, payload }: EntryIdentity): string {
  return createHash('sha256')
    .update(`${sender}\n${owner}\n${key.length}\n${key}\n`)
    .update(payload)
    .digest('base64url');
}
