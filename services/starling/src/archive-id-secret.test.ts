import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { edgeConfig } from '@starling/edge';
import { loadConfig } from '@starling/runtime';
import { archiveIdSecretOf } from './archive-id-secret.ts';

const folder = mkdtempSync(join(tmpdir(), 'starling-secret-'));
after(() => rmSync(folder, { recursive: true }));

const secretOf = (env: Record<string, string>) =>
  archiveIdSecretOf(loadConfig({ edge: edgeConfig }, { env, args: [] }).edge).reveal();

test('is made once, and is the owner’s only', () => {
  const dataDir = join(folder, 'data', 'deep');
  const made = secretOf({ STARLING_DATA_DIR: dataDir });
  assert.match(made, /^[\w-]{43}$/);
  assert.equal(secretOf({ STARLING_DATA_DIR: dataDir }), made);
  const path = join(dataDir, 'archive-id-secret');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(readFileSync(path, 'utf8'), `${made}\n`);
  assert.notEqual(secretOf({ STARLING_DATA_DIR: join(folder, 'other') }), made);
});

test('is the one that is configured, if one is', () => {
  const dataDir = join(folder, 'configured');
  const given = 'told to all edges of it';
  assert.equal(secretOf({ STARLING_DATA_DIR: dataDir, STARLING_ARCHIVE_ID_SECRET: given }), given);
  assert.throws(() => statSync(dataDir));
});

test('that cannot be read is not replaced', () => {
  assert.throws(() => secretOf({ STARLING_DATA_DIR: '/dev/null' }), { code: 'ENOTDIR' });
});
