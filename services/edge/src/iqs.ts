import type { IqAnswer, IqHandler, IqRequest, IqTable, Target } from '@starling/feature-api';
import { bareOf } from '@starling/jid';
import { resultReply, type Stanza, StanzaError } from '@starling/stanza';
import type { ClientSession } from './session.ts';

/**
 * Answers a request that is for the server or the bare JID of a local account, exactly once: handlers return or throw, only this
 * writes replies. An account without a handler for it answers like one that does not exist (RFC 6121 §8.5.1). Returns a Promise
 * when the handler did.
 */
export function answerIq(
  table: IqTable,
  session: ClientSession,
  stanza: Stanza,
  target: Target | undefined,
): void | Promise<void> {
  const payload = stanza.firstChild();
  if (payload === undefined) throw new StanzaError('bad-request'); // RFC 6120 §8.2.3, rule 5
  const handler: IqHandler<IqRequest> | undefined = table.find(stanza.type, payload.ns, payload.name, target);
  if (handler === undefined) throw new StanzaError('service-unavailable'); // §8.2.3, §10.3.3
  const account = target === 'another-account' && stanza.to !== '' ? bareOf(stanza.to) : session.user;
  const afterwards: (() => void)[] = [];
  const onAnswered = (work: () => void) => void afterwards.push(work);
  const send = (result: IqAnswer) => {
    session.send(reply(stanza, result));
    for (const work of afterwards) work();
  };
  const answer = handler({ stanza, payload, session, target: target ?? 'account', account, onAnswered });
  if (answer instanceof Promise) return answer.then(send);
  send(answer);
}

const reply = (iq: Stanza, payload: IqAnswer) => (payload === undefined ? resultReply(iq) : resultReply(iq, payload));
