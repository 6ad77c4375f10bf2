import { COPY, type Envelope, encodeEnvelope, FATE, KIND, subjects } from '@starling/contracts';
import { hintsOfAnswer } from '@starling/features/xep-0280-carbons/should-copy';
import { bareOf, type Jid } from '@starling/jid';
import { errorReply, Stanza, type StanzaError } from '@starling/stanza';

/** Whether the sender of a live stanza that is kept away hears of it (RFC 6120 §8.3.1; presence is never answered, XEP-0191 §3.3). */
export function deservesAnswer({ kind, type, fate, copy }: Envelope): boolean {
  if (fate !== FATE.live || copy !== COPY.received) return false;
  return kind === KIND.message ? type !== 'error' : kind === KIND.iq && (type === 'get' || type === 'set');
}

/**
 * The error that answers a stanza, on its way to the sender's sessions: subject and data.
 * @throws XmlError, StanzaError when the envelope holds no stanza
 */
export function refusalOf(
  envelope: Envelope,
  error: StanzaError,
): { readonly subject: string; readonly data: Uint8Array } {
  const stanza = Stanza.decode(envelope.stanza).with({ from: envelope.from, to: envelope.to });
  const owner = bareOf(envelope.from);
  const live: Envelope = {
    id: '',
    owner,
    from: envelope.to as Jid,
    to: envelope.from,
    kind: envelope.kind,
    type: 'error',
    fate: FATE.live,
    copy: COPY.received,
    hints: envelope.kind === KIND.message ? hintsOfAnswer(envelope.type, envelope.hints) : 0,
    origin: '',
    sentAtMs: Date.now(),
    after: 0,
    stanza: errorReply(stanza, error).encode(),
  };
  return { subject: subjects.user(owner), data: encodeEnvelope(live) };
}
