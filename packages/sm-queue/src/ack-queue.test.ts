import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { AckQueue, HandledTooHighError } from './ack-queue.ts';
import { distance, parseCount, wrap } from './counter.ts';

const LAST = 2 ** 32 - 1;
const queueOf = (items: readonly number[], acked = 0) => {
  const queue = new AckQueue<number>({ sizeOf: (item) => item, max: 5, bytesMax: 100, acked });
  for (const item of items) queue.push(item);
  return queue;
};

describe('XEP-0198 §4: what was sent and not acknowledged', () => {
  it('an h takes what it covers, in order', () => {
    const queue = queueOf([1, 2, 3, 4]);
    assert.deepEqual(queue.ack(3), [1, 2, 3]);
    assert.deepEqual([queue.acked, queue.sent, queue.length, queue.bytes], [3, 4, 1, 4]);
    assert.deepEqual([...queue], [4]);
  });

  it('the same h again, or an older one, says nothing', () => {
    const queue = queueOf([1, 2]);
    queue.ack(2);
    assert.deepEqual([queue.ack(2), queue.ack(1), queue.acked], [[], [], 2]);
  });

  it('§6: more than was sent is an error that says both counts', () => {
    const queue = queueOf([1, 2]);
    assert.throws(
      () => queue.ack(3),
      (error: unknown) => error instanceof HandledTooHighError && error.h === 3 && error.sent === 2,
    );
    assert.equal(queue.length, 2);
  });

  it('counts go from 2^32 - 1 back to zero', () => {
    const queue = queueOf([1, 2, 3], LAST - 1);
    assert.equal(queue.sent, 1);
    assert.deepEqual(queue.ack(0), [1, 2]);
    assert.deepEqual(queue.ack(1), [3]);
    assert.throws(() => queue.ack(2), HandledTooHighError);
  });

  it('after a crash the peer may know of more than is known here', () => {
    const queue = queueOf([1, 2], LAST);
    assert.deepEqual(queue.ackBeyond(7), [1, 2]);
    assert.deepEqual([queue.acked, queue.sent], [7, 7]);
  });

  it('is full at either bound, and goes on', () => {
    assert.ok(queueOf([1, 1, 1, 1, 1]).isFull);
    assert.ok(queueOf([99, 1]).isFull);
    assert.ok(!queueOf([99]).isFull);
  });
});

test('property: whatever is sent and acknowledged, nothing is lost or taken twice', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), count: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant('ack' as const), count: fc.integer({ min: 0, max: 20 }) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: LAST }), fc.array(step, { maxLength: 60 }), (start, steps) => {
      const queue = queueOf([], start);
      const taken: number[] = [];
      let next = 0;
      for (const { kind, count } of steps) {
        if (kind === 'push') for (let i = 0; i < count; i++) queue.push(next++);
        else taken.push(...queue.ack(wrap(queue.acked + Math.min(count, queue.length))));
      }
      assert.deepEqual([...taken, ...queue], [...Array(next).keys()]);
      assert.equal(queue.sent, wrap(start + next));
    }),
  );
});

test('distance is signed and modulo 2^32', () => {
  for (const [from, to, expected] of [
    [0, 0, 0],
    [5, 9, 4],
    [9, 5, -4],
    [LAST, 0, 1],
    [0, LAST, -1],
  ] as const)
    assert.equal(distance(from, to), expected);
});

test('h is an unsignedInt and nothing else', () => {
  for (const good of ['0', '7', '4294967295', '+7', ' 7 ', '007']) assert.notEqual(parseCount(good), undefined, good);
  for (const bad of ['', '-1', '1.5', '4294967296', '1e3', '0x1', 'ten', undefined])
    assert.equal(parseCount(bad), undefined, String(bad));
});
