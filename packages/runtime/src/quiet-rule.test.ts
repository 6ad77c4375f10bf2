import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type HeapSize, QuietRule } from './quiet-rule.ts';

const [QUIET, NEITHER, BUSY] = [0.05, 0.2, 0.5];
const MB = 1024 * 1024;
const heap = (totalMb: number, usedMb: number): HeapSize => ({ heapTotal: totalMb * MB, heapUsed: usedMb * MB });

it('wants collections behind a busy time, until what is not used is given back, and a few at most', () => {
  const rule = new QuietRule(100 * MB);
  assert.equal(rule.wants(BUSY, heap(90, 50)), false);
  assert.equal(rule.wants(QUIET, heap(90, 50)), true);
  rule.collected(heap(90, 20));
  assert.equal(rule.wants(QUIET, heap(90, 20)), true);
  rule.collected(heap(30, 20));
  assert.equal(rule.wants(QUIET, heap(50, 20)), false);

  assert.equal(rule.wants(BUSY, heap(90, 50)), false);
  for (let n = 0; n < 4; n++) {
    assert.equal(rule.wants(QUIET, heap(90, 20)), true);
    rule.collected(heap(90, 20));
  }
  assert.equal(rule.wants(QUIET, heap(90, 20)), false);
});

it('leaves a larger heap alone', () => {
  assert.equal(new QuietRule(100 * MB).wants(QUIET, heap(200, 101)), false);
});

it('wants the next one of a process that is always quiet after a while, when its heap has grown', () => {
  const rule = new QuietRule(100 * MB);
  rule.collected(heap(20, 15));
  const looks = Array.from({ length: 12 }, () => rule.wants(QUIET, heap(40, 30)));
  assert.deepEqual(looks, [...Array<boolean>(11).fill(false), true]);
  rule.collected(heap(20, 15));
  for (let n = 0; n < 20; n++) assert.equal(rule.wants(QUIET, heap(22, 15)), false);
});

it('of a process that goes to and fro between quiet and not quite, it wants no more than of one that is always quiet', () => {
  const rule = new QuietRule(100 * MB);
  rule.collected(heap(20, 15));
  const looks = Array.from({ length: 12 }, (_, n) => rule.wants(n % 2 === 0 ? NEITHER : QUIET, heap(40, 30)));
  assert.deepEqual(looks, Array<boolean>(12).fill(false));
  for (let n = 0; n < 5; n++) assert.equal(rule.wants(QUIET, heap(40, 30)), false);
  assert.equal(rule.wants(QUIET, heap(40, 30)), true);
});
