import { hash } from 'node:crypto';
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
  const head = `${sender}\n${owner}\n${key.length}\n${key}\n`;
  const headBytes = Buffer.byteLength(head);
  const bytes = Buffer.allocUnsafe(headBytes + payload.length);
  bytes.write(head, 0);
  bytes.set(payload, headBytes);
  // In one go: an object for each hash costs as much as the hash itself.
  return hash('sha256', bytes, 'base64url');
}
