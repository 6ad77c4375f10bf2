import { RpcError } from '@starling/bus';
import type { RosterItem } from '@starling/contracts';
import { tryParseJid } from '@starling/jid';
import type { RosterConfig } from './config.ts';

export type ItemLimits = Pick<RosterConfig, 'groupsMax' | 'nameBytesMax'>;

/**
 * What a user wants to have in his roster (RFC 6121 §2.3.3).
 * @throws RpcError jid-malformed, not-allowed, bad-request, not-acceptable
 */
export function checkItem(user: string, { jid, name, groups, removed }: RosterItem, limits: ItemLimits): void {
  if (tryParseJid(jid) !== jid) throw new RpcError('jid-malformed', 'an item is called by a prepared JID');
  if (removed) return; // §2.5: nothing else of it counts
  if (jid === user) throw new RpcError('not-allowed', 'nobody is his own contact'); // §2.3.3, the note
  if (Buffer.byteLength(name) > limits.nameBytesMax) throw new RpcError('not-acceptable', 'the name is too long');
  if (new Set(groups).size < groups.length) throw new RpcError('bad-request', 'a group twice');
  if (groups.some((group) => group === '')) throw new RpcError('not-acceptable', 'a group without a name');
  if (groups.some((group) => Buffer.byteLength(group) > limits.nameBytesMax))
    throw new RpcError('not-acceptable', 'the name of a group is too long');
  if (groups.length > limits.groupsMax) throw new RpcError('not-acceptable', 'too many groups');
}
