import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricsRegistry } from '@starling/runtime';
import type { ClientSession } from './session.ts';
import { fullestOf, showSessionQueues } from './session-queues.ts';

type Looked = Parameters<typeof fullestOf>[0] extends Iterable<infer T> ? T : never;

const session = (waiting: number, bufferedBytes: number, smLength?: number): Looked => ({
  waiting,
  waitingBytes: 10 * waiting,
  bufferedBytes,
  sm:
    smLength === undefined
      ? undefined
      : ({ queue: { length: smLength, bytes: 100 * smLength } } as unknown as ClientSession['sm']),
});

test('of each queue the most that one session has, whichever that is', () => {
  assert.deepEqual(fullestOf([session(3, 0), session(0, 700, 2), session(1, 5, 9), session(0, 0, 0)]), {
    inbound: 3,
    inboundBytes: 30,
    sendBufferBytes: 700,
    sm: 9,
    smBytes: 900,
  });
  assert.equal(Math.max(...Object.values(fullestOf([]))), 0);
});

test('whoever reads the metrics has the sessions looked at, once', async () => {
  const metrics = new MetricsRegistry();
  let looks = 0;
  const sessions = [session(3, 0), session(0, 700, 2)];
  const bounds = { inboundQueueMax: 64, inboundQueueBytesMax: 1000, sendBufferBytesMax: 5000 };
  const undo = showSessionQueues(metrics, { ...bounds, smQueueMax: 500, smQueueBytesMax: 4000 }, () => {
    looks++;
    return sessions as unknown as readonly ClientSession[];
  });
  const text = await metrics.scrape();
  for (const [queue, used, limit] of [
    ['session_inbound', 3, 64],
    ['session_inbound_bytes', 30, 1000],
    ['session_send_buffer_bytes', 700, 5000],
    ['session_sm', 2, 500],
    ['session_sm_bytes', 200, 4000],
  ]) {
    assert.match(text, new RegExp(`^starling_queue_used\\{queue="${queue}"\\} ${used}$`, 'm'));
    assert.match(text, new RegExp(`^starling_queue_limit\\{queue="${queue}"\\} ${limit}$`, 'm'));
  }
  assert.equal(looks, 1);
  undo();
  assert.match(await metrics.scrape(), /^starling_queue_used\{queue="session_sm"\} 0$/m);
  assert.equal(looks, 1);
});
