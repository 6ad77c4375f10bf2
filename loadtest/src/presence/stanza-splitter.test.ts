import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StanzaSplitter } from './stanza-splitter.ts';

const STANZAS = [
  "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>",
  '<presence from="p1@d/r"/>',
  '<presence from="p1@d/r"><status>1 2</status></presence>',
  "<iq type='result' id='1'><query xmlns='jabber:iq:roster'><item jid='a@d'/></query></iq>",
  '<presence type="unavailable" from="p1@d/r"></presence>',
  '</stream:stream>',
];
const TEXT = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0'>${STANZAS.join('\n')}`;

test('elements one by one', () => assert.deepEqual(new StanzaSplitter().push(TEXT), STANZAS));

test('whatever the pieces are', () => {
  for (const size of [1, 2, 3, 7, 50]) {
    const splitter = new StanzaSplitter();
    const stanzas: string[] = [];
    for (let at = 0; at < TEXT.length; at += size) stanzas.push(...splitter.push(TEXT.slice(at, at + size)));
    assert.deepEqual(stanzas, STANZAS);
  }
});

test('what does not end is not kept for ever', () => {
  const splitter = new StanzaSplitter();
  assert.throws(() => splitter.push(`<iq>${'x'.repeat(1_100_000)}`), RangeError);
});
