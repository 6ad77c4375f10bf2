import { type Envelope, HINT, hasHint, KIND } from '@starling/contracts';
import { bareOf, type Jid } from '@starling/jid';
import { dateTimeOf, el, escapedIdOf, Stanza } from '@starling/stanza';
import { escapeAttribute } from '@starling/xml';

export const NS = {
  retraction: 'urn:xmpp:message-retract:1',
  tombstones: 'urn:xmpp:message-retract:1#tombstone',
} as const;

/** A message that takes back an earlier one of the same conversation. */
export interface Retraction {
  readonly from: Jid;
  readonly to: Jid;
  /** Of the message that takes back: a tombstone names it (§4). */
  readonly id: string;
  /** Of the message that is taken back (§5.1), escaped as it is written. */
  readonly escapedTargetId: string;
  readonly isOccupant: boolean;
  readonly atMs: number;
}

/**
 * What an envelope with HINT.retraction takes back; undefined when it does not say what, or has no id by which a tombstone could name it.
 * @throws XmlError, StanzaError, StreamError when the envelope holds no stanza
 */
export function retractionOf({ from, to, hints, stanza }: Envelope, atMs: number): Retraction | undefined {
  const message = Stanza.decode(stanza);
  const targetId = message.child(NS.retraction, 'retract')?.attrs.id ?? '';
  if (targetId === '' || message.id === '') return undefined;
  const isOccupant = hasHint(hints, HINT.occupant);
  return { from, to, id: message.id, escapedTargetId: escapeAttribute(targetId), isOccupant, atMs };
}

/**
 * Whether an earlier message is the one that is taken back. Only its sender may do that (§5): the same bare JID; of a room's private
 * messages the same occupant, who is known by his full JID alone.
 */
export function isTakenBack(message: Envelope, retraction: Retraction): boolean {
  const { from, to, isOccupant, escapedTargetId } = retraction;
  if (message.kind !== KIND.message || message.type === 'error') return false;
  if (hasHint(message.hints, HINT.retraction)) return false; // §5: a retraction itself stays
  const isSame = (a: Jid, b: Jid) =>
    isOccupant || hasHint(message.hints, HINT.occupant) ? a === b : bareOf(a) === bareOf(b);
  return isSame(message.from, from) && isSame(message.to, to) && escapedIdOf(message.stanza) === escapedTargetId;
}

/**
 * What stands in the archive instead of the message (§4): its start tag, and who took it back when. Undefined when it has been taken back
 * before.
 * @throws XmlError, StanzaError, StreamError when the envelope holds no stanza
 */
export function tombstoneOf(message: Envelope, { id, atMs }: Retraction): Envelope | undefined {
  const stanza = Stanza.decode(message.stanza);
  if (stanza.has(NS.retraction, 'retracted')) return undefined;
  const retracted = el('retracted', NS.retraction, { id, stamp: dateTimeOf(atMs) });
  const { type, from, to } = stanza;
  return {
    ...message,
    hints: 0,
    stanza: Stanza.build('message', { type, from, to, id: stanza.id }, retracted).encode(),
  };
}
