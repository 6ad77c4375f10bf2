import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IqTable } from './iq-table.ts';

const handler = () => undefined;

test('one handler for type, namespace and name', () => {
  const table = new IqTable();
  table.add('get', 'urn:x', 'query', ['server', 'account'], handler);
  assert.equal(table.find('get', 'urn:x', 'query', undefined), handler);
  for (const [type, ns, name] of [
    ['set', 'urn:x', 'query'],
    ['get', 'urn:y', 'query'],
    ['get', 'urn:x', 'other'],
    ['result', 'urn:x', 'query'],
    ['', '', ''],
  ] as const) {
    assert.equal(table.find(type, ns, name, undefined), undefined);
  }
});

test('a second one is refused when it is registered', () => {
  const table = new IqTable();
  table.add('get', 'urn:x', 'query', ['server'], handler);
  table.add('set', 'urn:x', 'query', ['server'], handler);
  assert.throws(() => table.add('get', 'urn:x', 'query', ['account'], handler), /two handlers for get\|urn:x\|query/);
  table.addForStream('get', 'urn:x', 'query', handler);
  assert.throws(() => table.addForStream('get', 'urn:x', 'query', handler), /before authentication/);
});

test('it answers for whom it is registered; without a `to` it is for either', () => {
  const table = new IqTable();
  table.add('get', 'urn:x', 'query', ['server'], handler);
  assert.equal(table.find('get', 'urn:x', 'query', 'server'), handler);
  assert.equal(table.find('get', 'urn:x', 'query', 'account'), undefined);
  assert.equal(table.find('get', 'urn:x', 'query', undefined), handler);
});

test('RFC 6121 §8.5.2.1.3 another account is a target of its own', () => {
  const table = new IqTable();
  table.add('get', 'urn:x', 'query', ['server', 'account'], handler);
  table.add('get', 'urn:y', 'query', ['another-account'], handler);
  assert.equal(table.find('get', 'urn:x', 'query', 'another-account'), undefined);
  assert.equal(table.find('get', 'urn:y', 'query', 'another-account'), handler);
  assert.equal(table.find('get', 'urn:y', 'query', undefined), undefined);
});

test('what is answered before authentication is a table of its own', () => {
  const table = new IqTable();
  table.addForStream('set', 'urn:x', 'query', handler);
  assert.equal(table.findForStream('set', 'urn:x', 'query'), handler);
  assert.equal(table.findForStream('get', 'urn:x', 'query'), undefined);
  assert.equal(table.find('set', 'urn:x', 'query', undefined), undefined);
  table.add('get', 'urn:x', 'query', ['server'], handler);
  assert.equal(table.findForStream('get', 'urn:x', 'query'), undefined);
});
