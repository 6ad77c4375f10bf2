import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeClock } from './clock.ts';

const NOW_MS = Date.UTC(2026, 10, 26);
const other = (differenceMs: number) => [{ of: 'NATS', theirMs: NOW_MS + differenceMs, ourMs: NOW_MS }];

test('clocks that agree are good, those that do not are told with the difference', () => {
  assert.deepEqual(judgeClock(NOW_MS, []), { verdict: 'ok', text: '2026-11-26T00:00:00.000Z, nobody to compare with' });
  assert.equal(judgeClock(NOW_MS, other(50)).text, '2026-11-26T00:00:00.000Z; NATS has the same');
  assert.deepEqual(judgeClock(NOW_MS, other(1_500)), {
    verdict: 'ok',
    text: '2026-11-26T00:00:00.000Z; NATS is 1.5 s ahead',
  });
  assert.deepEqual(judgeClock(NOW_MS, other(-2_500)), {
    verdict: 'warning',
    text: '2026-11-26T00:00:00.000Z; NATS is 2.5 s behind: start NTP',
  });
  assert.equal(judgeClock(0, []).verdict, 'failed');
});
