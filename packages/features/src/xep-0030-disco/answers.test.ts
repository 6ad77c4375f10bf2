import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serialize } from '@starling/xml';
import { infoElement, itemsElement, NS } from './answers.ts';

test('§3.1 identities come first, then features', () => {
  const info = { identities: [{ category: 'server', type: 'im', name: 'S' }], features: ['urn:a', 'urn:b'] };
  assert.equal(
    serialize(infoElement(info)),
    `<query xmlns='${NS.info}'><identity category='server' type='im' name='S'/><feature var='urn:a'/><feature var='urn:b'/></query>`,
  );
});

test('§4.2 the node that was asked for is repeated', () => {
  assert.equal(serialize(itemsElement('n')), `<query xmlns='${NS.items}' node='n'/>`);
  assert.equal(serialize(itemsElement(undefined)), `<query xmlns='${NS.items}'/>`);
});
