import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../usage-error.ts';
import { joined } from './joined.ts';
import type { Measurement, PeersResult } from './result.ts';
import { chatOf, SAMPLE } from './testing/sample.ts';

const login: Measurement = { ...chatOf('starling', 0, []), work: 'login', transport: 'tcp' };
const LOGINS: PeersResult = { ...SAMPLE, measurements: [login], tsung: [], failures: ['one'], calibrationUs: [3, 4] };

test('works of two runs are those of one, and servers stay in their order', () => {
  const both = joined({ ...SAMPLE, servers: SAMPLE.servers.slice(1) }, LOGINS);
  assert.deepEqual(both.measurements, [...SAMPLE.measurements, login]);
  assert.deepEqual(both.servers, SAMPLE.servers);
  assert.deepEqual(both.calibrationUs, [SAMPLE.calibrationUs[0], 4]);
  assert.deepEqual(both.tsung, SAMPLE.tsung);
  assert.ok(both.failures.includes('one'));
});

test('what does not belong together is not joined', () => {
  assert.throws(() => joined(SAMPLE, SAMPLE), new UsageError('--into: chat has been measured'));
  assert.throws(() => joined(SAMPLE, { ...LOGINS, commit: 'another' }), new UsageError('--into: another commit'));
  assert.throws(() => joined(SAMPLE, { ...LOGINS, rounds: 99 }), new UsageError('--into: another rounds'));
});
