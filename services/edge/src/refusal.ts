import { COPY, type Envelope, encodeEnvelope, FATE, KIND, type Kind, subjects } from '@starling/contracts';
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
export function refusalOf(envelope: Envelope, error: StanzaError): Refusal {
  const stanza = Stanza.decode(envelope.stanza).with({ from: envelope.from, to: envelope.to });
  const hints = envelope.kind === KIND.message ? hintsOfAnswer(envelope.type, envelope.hints) : 0;
  return refusal(stanza, envelope.from, envelope.to as Jid, envelope.kind, hints, error);
}

/** The error that answers a request for one resource, likewise. */
export function requestRefusal(iq: Stanza, from: Jid, to: Jid, error: StanzaError): Refusal {
  return refusal(iq.with({ from, to }), from, to, KIND.iq, 0, error);
}

export interface Refusal {
  readonly subject: string;
  readonly data: Uint8Array;
}

function refusal(stanza: Stanza, from: Jid, to: Jid, kind: Kind, hints: number, error: StanzaError): Refusal {
  const owner = bareOf(from);
  const live: Envelope = {
    ...{ id: '', owner, from: to, to: from, kind, type: 'error', fate: FATE.live, copy: COPY.received, hints },
    ...{ origin: '', sentAtMs: Date.now(), after: 0 },
    stanza: errorReply(stanza, error).encode(),
  };
  return { subject: subjects.user(owner), data: encodeEnvelope(live) };
}
