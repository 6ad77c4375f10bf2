import { FATE, type Fate } from '@starling/contracts';
import { type ChildRef, NS as RFC, type Stanza } from '@starling/stanza';

export const NS = {
  hints: 'urn:xmpp:hints', // XEP-0334
  receipts: 'urn:xmpp:receipts', // XEP-0184
  markers: 'urn:xmpp:chat-markers:0', // XEP-0333
  chatStates: 'http://jabber.org/protocol/chatstates', // XEP-0085
  correction: 'urn:xmpp:message-correct:0', // XEP-0308
  retraction: 'urn:xmpp:message-retract:1', // XEP-0424
  stanzaId: 'urn:xmpp:sid:0', // XEP-0359
  delay: 'urn:xmpp:delay', // XEP-0203
  carbons: 'urn:xmpp:carbons:2', // XEP-0280
} as const;

/** What is said about a message, and is none of its content: no reason to keep it. */
const ABOUT: ReadonlySet<string> = new Set([NS.hints, NS.stanzaId, NS.delay, NS.carbons]);

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
  correction: decide(FATE.archived, 'a correction'),
  retraction: decide(FATE.archived, 'a retraction, whatever its hints'),
} as const;

/**
 * The fate of a message from a client: archived (log, offline, archive), passing (log, offline), live (at most once). XEP-0313 "User
 * Archives", XEP-0334 §4, XEP-0160 §3; design of one log per bare JID. What a user's preferences exclude (XEP-0441) is not decided here.
 */
export function fateOf(message: Stanza): FateOf {
  if (message.type === 'error') return VERDICT.error;
  if (message.type === 'groupchat') return VERDICT.groupchat;
  // XEP-0424 §5: it must be stored. Its hints only should be followed, and it holds nothing that they could be about.
  if (message.has(NS.retraction, 'retract')) return VERDICT.retraction;
  if (message.has(NS.hints, 'no-store')) return VERDICT.noStore;
  const worthKeeping = whyArchived(message);
  if (worthKeeping) return message.has(NS.hints, 'no-permanent-store') ? VERDICT.noPermanentStore : worthKeeping;
  if (message.type === 'headline') return VERDICT.headline;
  return whyNotArchived(message);
}

function whyArchived(message: Stanza): FateOf | undefined {
  if (message.has(NS.hints, 'store')) return VERDICT.store; // XEP-0334 §4.4: of whatever type
  if (message.type === 'headline') return undefined;
  if (message.has(RFC.client, 'body')) return VERDICT.body;
  if (message.children.some(isReceipt)) return VERDICT.receipt;
  return message.has(NS.correction, 'replace') ? VERDICT.correction : undefined;
}

function whyNotArchived(message: Stanza): FateOf {
  const isChat = message.type === 'chat';
  let hasChatState = false;
  for (const child of message.children) {
    if (child.ns === NS.chatStates) hasChatState = true;
    // XEP-0085 §5.6: a chat state may come with the thread that it belongs to.
    else if (!ABOUT.has(child.ns) && !isThread(child)) return isChat ? VERDICT.otherChat : VERDICT.otherNormal;
  }
  if (hasChatState) return VERDICT.chatState;
  return isChat ? VERDICT.empty : VERDICT.otherNormal;
}

const isReceipt = ({ ns, name }: ChildRef): boolean =>
  (ns === NS.receipts && name === 'received') || (ns === NS.markers && name !== 'markable');
const isThread = ({ ns, name }: ChildRef): boolean => ns === RFC.client && name === 'thread';
