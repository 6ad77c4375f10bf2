import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fence } from './fence.ts';
import { Silence } from './silence.ts';
import { FakeTime } from './testing/fake-clock.ts';

test('a fence stays open while it is heard, and once shut by time nothing but opening opens it', () => {
  const time = new FakeTime();
  const fence = new Fence(time.clock(), 100);
  assert.equal(fence.isOpen, false);
  fence.open(time.nowMs);
  time.nowMs += 90;
  fence.heard(time.nowMs - 10);
  time.nowMs += 90;
  assert.equal(fence.isOpen, true);
  time.nowMs += 1;
  assert.equal(fence.isOpen, false);
  fence.heard(time.nowMs);
  assert.equal(fence.isOpen, false, 'an echo after a pause does not open it');
  fence.open(time.nowMs - 101);
  assert.equal(fence.isOpen, false, 'it was in the document too long ago');
  fence.open(time.nowMs);
  fence.shut();
  assert.equal(fence.isOpen, false);
});

test('an older echo takes nothing back', () => {
  const time = new FakeTime();
  const fence = new Fence(time.clock(), 100);
  fence.open(time.nowMs);
  fence.heard(time.nowMs - 50);
  time.nowMs += 100;
  assert.equal(fence.isOpen, true);
});

test('silence is counted from what was heard, from when a member was first expected, and from when one could listen', () => {
  const row = (incarnation: string) => ({ id: incarnation, incarnation, joinedEpoch: 1 });
  const silence = new Silence(100, 0);
  silence.expect([row('a'), row('b')], 50);
  silence.heard('a', 100);
  assert.deepEqual(
    [silence.isDead('a', 151), silence.isDead('b', 150), silence.isDead('b', 151)],
    [false, false, true],
  );
  silence.listenAnew(200);
  assert.deepEqual([silence.isDead('b', 300), silence.isDead('b', 301)], [false, true]);
  silence.heard('stranger', 300);
  assert.equal(silence.isDead('stranger', 9_999), false);
  silence.expect([row('b'), row('c')], 400);
  assert.deepEqual(
    [silence.isDead('a', 9_999), silence.isDead('b', 401), silence.isDead('c', 500)],
    [false, true, false],
  );
});
