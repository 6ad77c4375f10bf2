import type { Bus } from '@starling/bus';
import { COPY, type Envelope, encodeEnvelope, FATE, KIND, subjects } from '@starling/contracts';
import { bareOf, isFull } from '@starling/jid';
import { errorReply, Stanza, StanzaError } from '@starling/stanza';

/** Tells the sender that its message was for nobody (RFC 6121 §8.5.1); live, to the session that sent it. */
export function bounce(bus: Bus, envelope: Envelope): void {
  if (!isFull(envelope.from)) return;
  const owner = bareOf(envelope.from);
  const reply = errorReply(Stanza.decode(envelope.stanza), new StanzaError('service-unavailable'));
  const answer: Envelope = {
    id: '',
    owner,
    from: envelope.to,
    to: envelope.from,
    kind: KIND.message,
    type: 'error',
    fate: FATE.live,
    copy: COPY.received,
    hints: 0,
    origin: '',
    sentAtMs: Date.now(),
    after: 0,
    stanza: reply.encode(),
  };
  bus.publish(subjects.user(owner), encodeEnvelope(answer));
}
