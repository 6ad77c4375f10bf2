import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smokeHistory } from './smoke-history.ts';

const TIMEOUT_MS = 180_000;

test('all devices and the archive have the same, also when PostgreSQL and an archive die, and JetStream loses its store', {
  timeout: TIMEOUT_MS,
}, async () => {
  assert.equal(await smokeHistory(['--senders', '6', '--messages', '300', '--outage', '8']), 0);
});
