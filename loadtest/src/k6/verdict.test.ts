import assert from 'node:assert/strict';
import { test } from 'node:test';
import { troubleOf } from './verdict.ts';

const metric = (count: number, ok = true) => ({ values: { count }, thresholds: { 'count>0': { ok } } });
const good = {
  messages_sent: metric(10),
  messages_delivered: metric(10),
  messages_duplicate: { values: { count: 0 } },
};

test('a run in which all counts agree has no trouble', () => {
  assert.deepEqual(troubleOf(good, { delivered: 10, archived: 20 }), []);
  assert.deepEqual(troubleOf(good, { delivered: undefined, archived: 20 }), []);
  assert.deepEqual(troubleOf(good, undefined), []);
  assert.deepEqual(troubleOf({ login_time: metric(5) }, { delivered: 0, archived: 0 }), []);
});

test('what does not agree is told', () => {
  assert.deepEqual(troubleOf({ ...good, messages_delivered: metric(9, false) }, { delivered: 10, archived: 19 }), [
    'messages_delivered: not count>0',
    '10 messages sent, 9 delivered',
    '9 messages received, but the cluster has counted 10',
    '10 messages sent, but the archive has written 19 entries, not two of each',
  ]);
});
