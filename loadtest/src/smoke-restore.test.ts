import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smokeRestore } from './smoke-restore.ts';

const TIMEOUT_MS = 240_000;

test('a backup taken under load is restored: both halves, and each with an older or without the other', {
  timeout: TIMEOUT_MS,
}, async () => {
  assert.equal(await smokeRestore(['--writers', '3', '--seconds', '2', '--edges', '1']), 0);
});
