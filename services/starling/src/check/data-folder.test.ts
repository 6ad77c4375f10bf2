import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkDataFolder, judgeFreeBytes } from './data-folder.ts';

test('a folder that is there, one that will be made, and one that cannot be', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'starling-check-'));
  t.after(() => rmSync(folder, { recursive: true }));
  assert.match(checkDataFolder(folder).text, /is writable/);
  assert.match(checkDataFolder(join(folder, 'a', 'b')).text, /will be made$/);
  assert.equal(checkDataFolder(join(fileURLToPath(import.meta.url), 'data')).verdict, 'failed');
});

test('less than a gigabyte is little', () => {
  assert.deepEqual(judgeFreeBytes('/d', 1024 ** 3 - 1), { verdict: 'warning', text: '/d is writable, 1023MiB free' });
  assert.equal(judgeFreeBytes('/d', 1024 ** 3).verdict, 'ok');
});
