import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Due, DueHeap } from './heap.ts';

const inOrder = (items: readonly Due[]) => [...items].sort((a, b) => a.at - b.at || a.order - b.order);

function drain(heap: DueHeap<Due>): readonly Due[] {
  const all: Due[] = [];
  for (let item = heap.pop(); item !== undefined; item = heap.pop()) all.push(item);
  return all;
}

test('the earliest comes first, and of two the one that was added first', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.nat(20), (times, unwanted) => {
      const items = times.map((at, order) => ({ at, order }));
      const heap = new DueHeap<Due>();
      for (const item of items) heap.push(item);
      assert.equal(heap.size, items.length);
      assert.deepEqual(heap.first, inOrder(items)[0]);
      assert.deepEqual(drain(heap), inOrder(items));
      for (const item of items) heap.push(item);
      heap.removeIf(({ at }) => at === unwanted);
      assert.deepEqual(drain(heap), inOrder(items.filter(({ at }) => at !== unwanted)));
    }),
  );
});
