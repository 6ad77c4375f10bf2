import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SentQueue } from './sent-queue.ts';

test('acknowledged is taken from the front, once', () => {
  const queue = new SentQueue<string>();
  for (const item of ['a', 'b', 'c']) queue.push(item);
  assert.deepEqual(queue.ack(2), ['a', 'b']);
  assert.deepEqual(queue.ack(1), [], 'older than what is known');
  assert.deepEqual([queue.acked, queue.items], [2, ['c']]);
  assert.throws(() => queue.ack(4), RangeError);
  assert.deepEqual(queue.restart(), ['c']);
  assert.deepEqual([queue.acked, queue.length], [0, 0]);
});

test('whatever is acknowledged when, everything is taken once and in order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5)), (steps) => {
      const queue = new SentQueue<number>();
      const taken: number[] = [];
      let sent = 0;
      for (const step of steps) {
        for (let i = 0; i < step; i++) queue.push(sent++);
        taken.push(...queue.ack(queue.acked + Math.floor(queue.length / 2)));
      }
      taken.push(...queue.restart());
      assert.deepEqual(
        taken,
        Array.from({ length: sent }, (_, i) => i),
      );
    }),
  );
});
