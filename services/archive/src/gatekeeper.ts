import type { Bus } from '@starling/bus';
import { COPY, type Envelope, encodeEnvelope, FATE, KIND, subjects } from '@starling/contracts';
import { hintsOfAnswer } from '@starling/features/xep-0280-carbons/should-copy';
import { bareOf, type Jid } from '@starling/jid';
import { errorReply, Stanza, StanzaError } from '@starling/stanza';

/**
 * Whether the sender of a message that is not written hears of it: only of the recipient's copy, and never of an error, since
 * errors are not answered (RFC 6120 §8.3.1).
 */
export function deservesAnswer({ kind, copy, type }: Envelope): boolean {
  return kind === KIND.message && copy === COPY.received && type !== 'error';
}

/**
 * Tells the sender that there is no such account (RFC 6121 §8.5.1), or that it has blocked him, which looks the same (XEP-0191 §3.3), or
 * that too much waits for it already (XEP-0160 §2).
 * Called behind the commit that passed the entry by: a crash in
 * between may lose the error, but none is sent twice, and none before the log's order is settled.
 * @throws XmlError, StanzaError when the envelope holds no stanza
 */
export function answerUnavailable(bus: Bus, envelope: Envelope): void {
  const message = Stanza.decode(envelope.stanza).with({ from: envelope.from, to: envelope.to });
  const error = errorReply(message, new StanzaError('service-unavailable'));
  const sender = bareOf(envelope.from);
  const live: Envelope = {
    id: '',
    owner: sender,
    from: envelope.to as Jid,
    to: envelope.from,
    kind: KIND.message,
    type: 'error',
    fate: FATE.live,
    copy: COPY.received,
    hints: hintsOfAnswer(envelope.type, envelope.hints),
    origin: '',
    sentAtMs: Date.now(),
    after: 0,
    stanza: error.encode(),
  };
  bus.publish(subjects.user(sender), encodeEnvelope(live));
}
