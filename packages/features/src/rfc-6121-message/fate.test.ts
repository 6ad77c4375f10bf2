import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FATE } from '@starling/contracts';
import { el, NS as RFC, Stanza } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { fateOf, NS } from './fate.ts';

const body = el('body', RFC.client, {}, 'hark');
const thread = el('thread', RFC.client, {}, 't');
const subject = el('subject', RFC.client, {}, 's');
const composing = el('composing', NS.chatStates);
const hint = (name: string) => el(name, NS.hints);
const received = el('received', NS.receipts, { id: 'm' });
const displayed = el('displayed', NS.markers, { id: 'm' });
const retract = el('retract', NS.retraction, { id: 'm' });
const replace = el('replace', NS.correction, { id: 'm' });
const reactions = el('reactions', 'urn:xmpp:reactions:0', { id: 'm' });
const originId = el('origin-id', NS.stanzaId, { id: 'o' });
const delay = el('delay', NS.delay, { stamp: '2026-01-01T00:00:00Z' });
const isPrivate = el('private', NS.carbons);
const other = el('x', 'urn:example:other');

type Row = readonly [title: string, type: string, children: readonly Element[], fate: keyof typeof FATE];

const BY_CONTENT: readonly Row[] = [
  ['XEP-0313 §6.1.1: a chat with a body', 'chat', [body], 'archived'],
  ['XEP-0313 §6.1.1: a normal message with a body', '', [body], 'archived'],
  ['RFC 6121 §5.2.2: an unknown type is normal', 'weird', [body], 'archived'],
  ['XEP-0085 §5.1: a body with a chat state', 'chat', [body, el('active', NS.chatStates)], 'archived'],
  ['XEP-0308 §4: a correction is a message', 'chat', [body, replace], 'archived'],
  ['XEP-0308 §4: it replaces what was kept, also without a body', 'chat', [replace, other], 'archived'],
  ['XEP-0184 §7: a receipt', 'chat', [received], 'archived'],
  ['XEP-0184 §7: a receipt of type normal', '', [received], 'archived'],
  ['XEP-0184 §5.5: asking for one is no receipt', '', [el('request', NS.receipts)], 'passing'],
  ['XEP-0333 §4.2: a marker', 'chat', [displayed], 'archived'],
  ['XEP-0333 §4.2: a marker of type normal', '', [displayed], 'archived'],
  ['XEP-0333 §4.1: asking for markers is no marker', 'chat', [el('markable', NS.markers)], 'passing'],
  ['XEP-0444 §4: reactions come with store if they are to be kept', 'chat', [reactions, hint('store')], 'archived'],
  ['XEP-0444 §4: without it they wait offline', 'chat', [reactions], 'passing'],
  ['XEP-0160 §3: a normal message without a body', '', [other], 'passing'],
  ['XEP-0160 §3: a normal message with nothing', 'normal', [], 'passing'],
  ['XEP-0160 §3: a chat with something else than chat states', 'chat', [other], 'passing'],
  ['RFC 6121 §5.2.4: a subject is content', 'chat', [subject], 'passing'],
  ['XEP-0280 §6.1: an invitation', '', [el('x', 'jabber:x:conference', { jid: 'coven@chat.example' })], 'passing'],
];

const CHAT_STATES: readonly Row[] = [
  ['XEP-0085 §5.8, XEP-0160 §3: a chat state', 'chat', [composing], 'live'],
  ['XEP-0085 §5.6: with its thread', 'chat', [composing, thread], 'live'],
  ['XEP-0085 §5.8: of type normal too', '', [composing], 'live'],
  ['XEP-0359 §3: an origin-id is about it', 'chat', [composing, originId], 'live'],
  ['XEP-0203 §2: a delay is about it', 'chat', [composing, delay], 'live'],
  ['XEP-0280 §9, XEP-0334 §4.3: so is where it may go', 'chat', [composing, isPrivate, hint('no-copy')], 'live'],
  ['XEP-0334 §4.1: no-permanent-store keeps nothing', 'chat', [composing, hint('no-permanent-store')], 'live'],
  ['XEP-0160 §3: with something else', 'chat', [composing, other], 'passing'],
  ['XEP-0160 §3: a chat with nothing', 'chat', [], 'live'],
  ['XEP-0160 §3: a chat with nothing but its id', 'chat', [originId], 'live'],
];

const HINTS: readonly Row[] = [
  ['XEP-0334 §4.4: store', 'chat', [other, hint('store')], 'archived'],
  ['XEP-0334 §4.4: store, of type normal', '', [other, hint('store')], 'archived'],
  ['XEP-0334 §4.4: store, of any type but error', 'headline', [body, hint('store')], 'archived'],
  ['XEP-0334 §4.4: store, even of a chat state', 'chat', [composing, hint('store')], 'archived'],
  ['XEP-0334 §4.2: no-store', 'chat', [body, hint('no-store')], 'live'],
  ['XEP-0334 §4.2: no-store, of type normal', '', [body, hint('no-store')], 'live'],
  ['XEP-0334 §4.2: no-store of a receipt', 'chat', [received, hint('no-store')], 'live'],
  ['XEP-0334 §4.2: no-store is the most that is asked for', 'chat', [body, hint('store'), hint('no-store')], 'live'],
  ['XEP-0334 §4.1: no-permanent-store', 'chat', [body, hint('no-permanent-store')], 'passing'],
  ['XEP-0334 §4.1: with store: for a while', 'chat', [hint('store'), hint('no-permanent-store')], 'passing'],
  ['XEP-0334 §4.3: no-copy says nothing of storing', 'chat', [body, hint('no-copy')], 'archived'],
  ['XEP-0334 §5: not of an error', 'error', [body, hint('store')], 'live'],
];

const RETRACTIONS: readonly Row[] = [
  ['XEP-0424 §3: a retraction', 'chat', [retract, body, hint('store')], 'archived'],
  ['XEP-0424 §5: it must be stored, without a body too', 'chat', [retract], 'archived'],
  ['XEP-0424 §5: whatever it asks for', 'chat', [retract, hint('no-store')], 'archived'],
  ['XEP-0424 §5: for as long as the message', '', [retract, hint('no-permanent-store')], 'archived'],
  ['RFC 6120 §8.3.1: not when it comes back', 'error', [retract], 'live'],
];

const BY_TYPE: readonly Row[] = [
  ['XEP-0160 §3, XEP-0313 §6.1.1: a headline', 'headline', [body], 'live'],
  ['XEP-0160 §3: a receipt for one', 'headline', [received], 'live'],
  ['XEP-0160 §3: an error', 'error', [body], 'live'],
  ['XEP-0160 §3: groupchat', 'groupchat', [body], 'live'],
  ['XEP-0313 §6.1.1: groupchat is in the archive of its room', 'groupchat', [body, hint('store')], 'live'],
];

const TABLE = [...BY_CONTENT, ...CHAT_STATES, ...HINTS, ...RETRACTIONS, ...BY_TYPE];

for (const [title, type, children, fate] of TABLE) {
  test(`${title} → ${fate}`, () => {
    const decided = fateOf(Stanza.build('message', { type }, ...children));
    assert.equal(decided.fate, FATE[fate], decided.reason);
    assert.notEqual(decided.reason, '');
  });
}
