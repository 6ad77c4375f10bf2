import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FATE } from '@starling/contracts';
import { el, NS as RFC, Stanza } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { fateOf, NS } from './fate.ts';

const body = el('body', RFC.client, {}, 'hark');
const thread = el('thread', RFC.client, {}, 't');
const composing = el('composing', NS.chatStates);
const hint = (name: string) => el(name, NS.hints);
const other = el('x', 'urn:example:other');

const TABLE: readonly (readonly [string, string, readonly Element[], keyof typeof FATE])[] = [
  ['XEP-0313 user archives: a chat with a body', 'chat', [body], 'archived'],
  ['a normal message with a body', '', [body], 'archived'],
  ['an unknown type is normal (RFC 6121 §5.2.2)', 'weird', [body], 'archived'],
  ['XEP-0334 §4.4: store', 'chat', [other, hint('store')], 'archived'],
  ['XEP-0334 §4.2: no-store', 'chat', [body, hint('no-store')], 'live'],
  ['no-store is stronger than store', 'chat', [body, hint('store'), hint('no-store')], 'live'],
  ['XEP-0334 §4.1: no-permanent-store', 'chat', [body, hint('no-permanent-store')], 'passing'],
  ['XEP-0184: a receipt', 'chat', [el('received', NS.receipts, { id: 'm' })], 'archived'],
  ['a receipt of type normal', '', [el('received', NS.receipts, { id: 'm' })], 'archived'],
  ['XEP-0333: a marker', 'chat', [el('displayed', NS.markers, { id: 'm' })], 'archived'],
  ['only asking for markers is not worth keeping', 'chat', [el('markable', NS.markers)], 'passing'],
  ['XEP-0085: a chat state', 'chat', [composing], 'live'],
  ['a chat state with its thread (§5.3)', 'chat', [composing, thread], 'live'],
  ['a chat state with something else', 'chat', [composing, other], 'passing'],
  ['a chat with nothing', 'chat', [], 'live'],
  ['a normal message without a body', '', [other], 'passing'],
  ['a headline', 'headline', [body], 'live'],
  ['an error; its hints are ignored', 'error', [body, hint('store')], 'live'],
  ['groupchat', 'groupchat', [body], 'live'],
];

for (const [title, type, children, fate] of TABLE) {
  test(`${title} → ${fate}`, () => {
    const decided = fateOf(Stanza.build('message', { type }, ...children));
    assert.equal(decided.fate, FATE[fate], decided.reason);
    assert.notEqual(decided.reason, '');
  });
}
