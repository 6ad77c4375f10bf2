import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availableKiB, Bounds, StoppedError } from './bounds.ts';

const NEVER = new Promise<never>(() => undefined);

test('work that ends in time is whole', async () => {
  const bounds = new Bounds({ memoryGiBMin: 0, minutesMax: 1 });
  assert.equal(await bounds.within(Promise.resolve('done')), 'done');
  bounds.end();
});

test('too little memory stops it, and so does the clock', async () => {
  assert.ok(availableKiB() > 0);
  const keep = setTimeout(() => undefined, 10_000); // the bounds alone do not keep a process
  for (const [options, why] of [
    [{ memoryGiBMin: 1_000_000, minutesMax: 1 }, /GiB of memory are left; below 1000000 it stops/],
    [{ memoryGiBMin: 0, minutesMax: 0.0001 }, /0\.0001 minutes are over/],
  ] as const) {
    const bounds = new Bounds(options);
    await assert.rejects(bounds.within(NEVER), (error) => error instanceof StoppedError && why.test(error.message));
    // Whoever did not wait then hears it too.
    await assert.rejects(bounds.within(NEVER), StoppedError);
    bounds.end();
  }
  clearTimeout(keep);
});
