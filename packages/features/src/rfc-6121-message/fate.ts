import { FATE, type Fate } from '@starling/contracts';
import { NS as RFC, type Stanza } from '@starling/stanza';

export const NS = {
  hints: 'urn:xmpp:hints', // XEP-0334
  receipts: 'urn:xmpp:receipts', // XEP-0184
  markers: 'urn:xmpp:chat-markers:0', // XEP-0333
  chatStates: 'http://jabber.org/protocol/chatstates', // XEP-0085
} as const;

/** What becomes of a message, and why: the reason is for logs and tests. */
export interface FateOf {
  readonly fate: Fate;
  readonly reason: string;
}

const decide = (fate: Fate, reason: string): FateOf => Object.freeze({ fate, reason });
const VERDICT = {
  error: decide(FATE.live, 'an error; its hints are ignored'),
  headline: decide(FATE.live, 'a headline'),
  groupchat: decide(FATE.live, 'groupchat is never an entry of a user’s log'),
  noStore: decide(FATE.live, 'asks for no-store'),
  chatState: decide(FATE.live, 'chat states only'),
  empty: decide(FATE.live, 'nothing in it'),
  noPermanentStore: decide(FATE.passing, 'asks for no-permanent-store'),
  otherNormal: decide(FATE.passing, 'a normal message without a body'),
  otherChat: decide(FATE.passing, 'a chat message with more than chat states'),
  store: decide(FATE.archived, 'asks for store'),
  body: decide(FATE.archived, 'has a body'),
  receipt: decide(FATE.archived, 'a receipt or marker'),
} as const;

/**
 * The fate of a message from a client: archived (log, offline, archive), passing (log, offline), live (at most once).
 * XEP-0313 "User Archives" and XEP-0334 §4; design of one log per bare JID.
 */
export function fateOf(message: Stanza): FateOf {
  if (message.type === 'error') return VERDICT.error;
  if (message.type === 'headline') return VERDICT.headline;
  if (message.type === 'groupchat') return VERDICT.groupchat;
  if (message.has(NS.hints, 'no-store')) return VERDICT.noStore;
  const worthKeeping = whyArchived(message);
  if (worthKeeping) return message.has(NS.hints, 'no-permanent-store') ? VERDICT.noPermanentStore : worthKeeping;
  if (message.type !== 'chat') return VERDICT.otherNormal;
  if (message.children.length === 0) return VERDICT.empty;
  return message.children.some(isMoreThanChatState) ? VERDICT.otherChat : VERDICT.chatState;
}

function whyArchived(message: Stanza): FateOf | undefined {
  if (message.has(RFC.client, 'body')) return VERDICT.body;
  if (message.has(NS.hints, 'store')) return VERDICT.store;
  if (
    message.children.some(
      (c) => (c.ns === NS.receipts && c.name === 'received') || (c.ns === NS.markers && c.name !== 'markable'),
    )
  ) {
    return VERDICT.receipt;
  }
  return undefined;
}

// XEP-0085 §5.3: a chat state may come with the thread that it belongs to.
function isMoreThanChatState(child: { readonly ns: string; readonly name: string }): boolean {
  return child.ns !== NS.chatStates && child.ns !== NS.hints && !(child.ns === RFC.client && child.name === 'thread');
}
