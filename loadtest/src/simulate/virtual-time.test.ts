import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualTime } from './virtual-time.ts';

const newTime = (check: () => void = () => undefined) => new VirtualTime({ startMs: 1_000, check });

test('time passes only as far as something is due, and promises settle between two pieces of work', async () => {
  const time = newTime();
  const seen: string[] = [];
  const see = (what: string) => seen.push(`${what} at ${time.nowMs}`);
  time.after(20, () => see('second'));
  time.after(10, () => {
    see('first');
    void Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => see('its promise'));
    time.soon(() => see('soon'));
  });
  time.after(10, () => see('at the same time'));
  time.after(31, () => see('too late'));
  await time.pass(30);
  const expected = [
    'first at 1010',
    'its promise at 1010',
    'soon at 1010',
    'at the same time at 1010',
    'second at 1020',
  ];
  assert.deepEqual(seen, expected);
  assert.equal(time.nowMs, 1_030);
});

test('work is done on behalf of whoever began it, and not of the dead', async () => {
  const time = newTime();
  const [edge, owner] = [time.newActor('edge-1', 'edge'), time.newActor('presence-1', 'presence')];
  const seen: string[] = [];
  const see = () => seen.push(time.actor.name);
  time.as(edge, () => time.after(1, () => time.soon(see)));
  time.after(2, see, owner);
  time.after(3, () => {
    owner.isDead = true;
  });
  time.after(4, see, owner);
  time.after(5, see);
  await time.pass(10);
  assert.deepEqual(seen, ['edge-1', 'presence-1', 'clients']);
  time.after(1, see, owner);
  time.bury();
  await time.pass(10);
  assert.equal(seen.length, 3);
});

test('what throws ends the run', async () => {
  const time = newTime();
  time.after(1, () => {
    throw new Error('a mistake');
  });
  await assert.rejects(time.pass(10), /a mistake/);
  const bounded = newTime(() => {
    throw new Error('too long');
  });
  const again = () => bounded.soon(again);
  again();
  await assert.rejects(bounded.pass(10), /too long/);
});
