import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpTable, WEBSOCKET_PATH } from './http-table.ts';

const route = () => ({ status: 200, headers: {}, body: '' });

test('whole paths, nothing like them', () => {
  const table = new HttpTable();
  table.add('/', route);
  table.add('/.well-known/host-meta', route);
  assert.equal(table.find('/'), route);
  assert.equal(table.find('/.well-known/host-meta'), route);
  for (const path of ['', '//', '/.', '/.well-known', '/.well-known/host-meta/', '/.well-known/./host-meta', '*'])
    assert.equal(table.find(path), undefined, path);
});

test('a second handler, and what is no path, is refused when it is added', () => {
  const table = new HttpTable();
  table.add('/a', route);
  assert.throws(() => table.add('/a', route), /two handlers for \/a/);
  assert.throws(() => table.add(WEBSOCKET_PATH, route), /two handlers/);
  for (const path of ['', 'a', '/a b', '/a?b', '/*', '/%2e']) assert.throws(() => table.add(path, route), /is no path/);
});
