import assert from 'node:assert/strict';
import { test } from 'node:test';
import { el, NS as RFC, Stanza, withDelay } from '@starling/stanza';

const NS = { delay: 'urn:xmpp:delay' } as const;
const AT_MS = Date.UTC(2002, 8, 10, 23, 8, 25);

test('§2 a message that was kept says since when and by whom, once, behind what it holds', () => {
  const message = Stanza.build('message', { type: 'chat', id: 'm1' }, el('body', RFC.client, {}, 'hark'));
  const delayed = Stanza.decode(withDelay(message.encode(), 'capulet.com', AT_MS));
  assert.deepEqual(
    delayed.children.map((child) => child.name),
    ['body', 'delay'],
  );
  assert.deepEqual(delayed.child(NS.delay, 'delay')?.attrs, { from: 'capulet.com', stamp: '2002-09-10T23:08:25.000Z' });
  const { type, id } = delayed;
  assert.deepEqual([type, id], ['chat', 'm1']);
});

test('§2 presence too, also an empty one', () => {
  const presence = Stanza.decode(withDelay(Stanza.build('presence', {}).encode(), 'juliet@capulet.com/balcony', AT_MS));
  assert.equal(presence.kind, 'presence');
  assert.equal(presence.child(NS.delay, 'delay')?.attrs.from, 'juliet@capulet.com/balcony');
});
