import assert from 'node:assert/strict';
import { it } from 'node:test';
import { QuietRule } from './quiet-rule.ts';

const [QUIET, BUSY] = [0.05, 0.5];
const MB = 1024 * 1024;

it('wants a collection when it is quiet and there is something to gain', () => {
  const rule = new QuietRule(100 * MB);
  assert.equal(rule.wants(BUSY, 50 * MB), false);
  assert.equal(rule.wants(QUIET, 101 * MB), false);
  assert.equal(rule.wants(QUIET, 3 * MB), false);
  assert.equal(rule.wants(QUIET, 50 * MB), true);
});

it('wants the next one at once when it was busy meanwhile, else after a while', () => {
  const rule = new QuietRule(100 * MB);
  rule.collected(20 * MB);
  const looks = Array.from({ length: 12 }, () => rule.wants(QUIET, 50 * MB));
  assert.deepEqual(looks, [...Array<boolean>(11).fill(false), true]);
  rule.collected(20 * MB);
  assert.equal(rule.wants(BUSY, 50 * MB), false);
  assert.equal(rule.wants(QUIET, 50 * MB), true);
});
