import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { collectWhenQuiet } from './quiet-collection.ts';

const QUIET_MS = 50;
const GARBAGE_OBJECTS = 300_000;
const DEADLINE_MS = 5_000;

function makeGarbage(): number {
  const made = Array.from({ length: GARBAGE_OBJECTS }, (_, i) => ({ text: `garbage ${i}` }));
  return made.length;
}

async function collectionsWithin(deadlineMs: number, heapMaxBytes: number, thoroughMaxBytes: number): Promise<number> {
  let count = 0;
  const collections = { inc: () => void count++ };
  const stop = collectWhenQuiet({ quietMs: QUIET_MS, heapMaxBytes, thoroughMaxBytes, collections });
  makeGarbage();
  const end = performance.now() + deadlineMs;
  while (count === 0 && performance.now() < end) await sleep(QUIET_MS);
  stop();
  return count;
}

const newSpaceBytes = () =>
  getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;

for (const [how, thoroughMaxBytes] of Object.entries({ thoroughly: Number.POSITIVE_INFINITY, once: 0 }))
  it(`collects ${how} when it is quiet, and nothing when there is nothing to gain`, async () => {
    const before = process.memoryUsage().heapUsed;
    assert.equal(await collectionsWithin(DEADLINE_MS, Number.POSITIVE_INFINITY, thoroughMaxBytes), 1);
    const garbageBytes = process.memoryUsage().heapUsed - before;
    assert.ok(garbageBytes < 20_000_000, `${garbageBytes} bytes more than before`);
    if (how === 'thoroughly') assert.ok(newSpaceBytes() <= 4_194_304, `${newSpaceBytes()} bytes for new objects`);
  });

it('leaves a heap alone that is larger than the bound', async () => {
  assert.equal(await collectionsWithin(QUIET_MS * 6, 1, 1), 0);
});

it('is off with 0', () => {
  const none = { quietMs: 0, heapMaxBytes: 1, thoroughMaxBytes: 1 };
  collectWhenQuiet({ ...none, collections: { inc: () => assert.fail() } })();
});
