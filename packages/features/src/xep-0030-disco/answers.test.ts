import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serialize } from '@starling/xml';
import { infoElement, itemsElement, NS } from './answers.ts';

test('§3.1 identities come first, then features', () => {
  const identities = [
    { category: 'server', type: 'im', name: 'S' },
    { category: 'pubsub', type: 'pep', lang: 'el' },
  ];
  const info = { identities, features: ['urn:a', 'urn:b'], forms: [] };
  assert.equal(
    serialize(infoElement(info, undefined)),
    `<query xmlns='${NS.info}'><identity category='server' type='im' name='S'/>` +
      `<identity category='pubsub' type='pep' xml:lang='el'/><feature var='urn:a'/><feature var='urn:b'/></query>`,
  );
});

test('XEP-0128 §2 a form says its type first', () => {
  const form = { type: 'urn:form', fields: [{ var: 'a', values: ['1', '2'] }] };
  const xml = serialize(infoElement({ identities: [], features: [], forms: [form] }, 'n'));
  assert.equal(
    xml,
    `<query xmlns='${NS.info}' node='n'><x xmlns='${NS.form}' type='result'>` +
      `<field var='FORM_TYPE' type='hidden'><value>urn:form</value></field>` +
      `<field var='a'><value>1</value><value>2</value></field></x></query>`,
  );
});

test('§4.1 items have a JID; §4.2 the node that was asked for is repeated', () => {
  assert.equal(serialize(itemsElement([], 'n')), `<query xmlns='${NS.items}' node='n'/>`);
  assert.equal(serialize(itemsElement([], undefined)), `<query xmlns='${NS.items}'/>`);
  assert.equal(serialize(itemsElement(['a@b/c'], undefined)), `<query xmlns='${NS.items}'><item jid='a@b/c'/></query>`);
});
