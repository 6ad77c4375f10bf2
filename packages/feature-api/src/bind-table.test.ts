import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BindTable } from './bind-table.ts';

test('one handler for each request, one feature for each namespace', () => {
  const table = new BindTable();
  const active = {};
  table.add('urn:a', 'active', active);
  table.add('urn:a', 'inactive', {});
  assert.deepEqual(table.features, ['urn:a']);
  assert.equal(table.find('urn:a', 'active'), active);
  assert.equal(table.find('urn:b', 'active'), undefined);
  assert.throws(() => table.add('urn:a', 'active', {}), /two handlers/);
});
