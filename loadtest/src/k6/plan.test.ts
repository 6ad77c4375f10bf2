import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../usage-error.ts';
import { planOf } from './plan.ts';

test('a scenario has defaults of its own', () => {
  const { scenario, users, seconds, env, runner, url } = planOf(['chat']);
  assert.deepEqual([scenario, users, seconds, runner, url], ['chat', 100, 60, 'auto', undefined]);
  assert.deepEqual([env.USERS, env.SECONDS, env.MECHANISM], ['100', '60', 'SCRAM-SHA-256']);
  assert.equal(planOf(['soak', '--users', '500']).seconds, 3_600);
});

test('what does not fit is refused', () => {
  for (const wrong of [
    [],
    ['chats'],
    ['chat', 'login'],
    ['chat', '--users', '1'],
    ['chat', '--seconds', 'x'],
    ['chat', '--runner', 'tsung'],
    ['chat', '--mechanism', 'PLAIN'],
    ['chat', '--url', 'ws://x', '--rolling-restart'],
    ['chat', '--runner', 'stand-in', '--remote-write', 'http://x'],
  ])
    assert.throws(() => planOf(wrong), UsageError, wrong.join(' '));
});
