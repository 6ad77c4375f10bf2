import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HINT } from '@starling/contracts';
import { el, NS as RFC, Stanza } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { hintsOf, NS } from './hints.ts';

const body = el('body', RFC.client, {}, 'hark');

const TABLE: readonly (readonly [string, readonly Element[], readonly (keyof typeof HINT)[]])[] = [
  ['nothing', [], []],
  ['a body', [body], ['body']],
  ['another namespace’s body', [el('body', 'urn:example:other')], []],
  ['XEP-0280 §9: private', [body, el('private', NS.carbons)], ['body', 'noCopy']],
  ['XEP-0334 §4.3: no-copy', [el('no-copy', NS.hints)], ['noCopy']],
  ['XEP-0334: other hints', [el('store', NS.hints)], []],
  ['XEP-0184: asking for a receipt', [body, el('request', NS.receipts)], ['body', 'conversation']],
  ['XEP-0085: a chat state', [el('composing', NS.chatStates)], ['conversation']],
  ['XEP-0333: a marker', [el('displayed', NS.markers, { id: 'm' })], ['conversation']],
  ['XEP-0249: an invitation', [el('x', NS.conference, { jid: 'coven@chat.example' })], ['invitation']],
  ['XEP-0045 §7.8.2: an invitation', [el('x', NS.mucUser, {}, el('invite', NS.mucUser))], ['invitation']],
  ['XEP-0045 §7.5: a private message', [body, el('x', NS.mucUser)], ['body', 'occupant']],
  ['XEP-0424 §3: a retraction', [el('retract', NS.retraction, { id: 'm' })], ['retraction']],
  ['XEP-0424 §4: a tombstone is none', [el('retracted', NS.retraction, { id: 'm' })], []],
];

for (const [title, children, expected] of TABLE) {
  test(`${title} → ${expected.join(', ') || 'no hint'}`, () => {
    const names = (hints: number) => Object.keys(HINT).filter((name) => hints & HINT[name as keyof typeof HINT]);
    assert.deepEqual(
      names(hintsOf(Stanza.build('message', { type: 'chat' }, ...children))).sort(),
      [...expected].sort(),
    );
    assert.equal(hintsOf(Stanza.build('message', { type: 'error' }, ...children)), 0, 'XEP-0334 §5: not of an error');
  });
}
