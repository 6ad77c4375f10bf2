import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgePorts } from './ports.ts';

test('ports are free, or it is said which are not', () => {
  assert.deepEqual(judgePorts([5222, 0], []), { verdict: 'ok', text: '5222, any are free' });
  assert.deepEqual(judgePorts([5222], ['port 5222 is in use']), { verdict: 'failed', text: 'port 5222 is in use' });
});
