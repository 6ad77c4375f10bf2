import type { Jid } from '@starling/jid';
import type { Element } from '@starling/xml';
import type { StanzaError } from './errors.ts';
import { Stanza } from './stanza.ts';

/**
 * The error that answers a stanza (RFC 6120 §8.3.1): addresses swapped, same kind and id, without the payload.
 * The caller makes sure that `stanza` is no error and no result itself: those are never answered.
 * @param from the sender, instead of the address that the stanza was sent to
 */
export function errorReply(stanza: Stanza, error: StanzaError, from: Jid | '' = stanza.to): Stanza {
  return Stanza.build(stanza.kind, { type: 'error', id: stanza.id, from, to: stanza.from }, error.toElement());
}

/** The result that answers an IQ get or set (RFC 6120 §8.2.3): addresses swapped, same id. */
export function resultReply(iq: Stanza, ...payload: readonly Element[]): Stanza {
  return Stanza.build('iq', { type: 'result', id: iq.id, from: iq.to, to: iq.from }, ...payload);
}
