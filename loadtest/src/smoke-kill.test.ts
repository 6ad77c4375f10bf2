import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPhase } from './smoke/phase.ts';

const TIMEOUT_MS = 120_000;

test('an edge is killed while people talk: nothing that was acknowledged is missing', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { verdict, loginsAnew, trouble } = await runPhase({
    name: 'test',
    seed: 1,
    pairs: 6,
    seconds: 5,
    nats: 1,
    natsServer: undefined,
    restart: false,
    kills: [{ afterMs: 2_000, what: 'edge' }],
  });
  assert.deepEqual(trouble, []);
  assert.equal(verdict.archived, verdict.sent);
  assert.ok(verdict.archived > 100, `${verdict.archived} messages`);
  assert.ok(loginsAnew > 0, 'nobody was on that edge');
});
