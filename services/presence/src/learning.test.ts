import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Learning, type LearningOptions } from './learning.ts';
import type { Partition } from './partition.ts';

interface FakePartition {
  readonly number: number;
  readonly takenAtMs: number;
  readonly awaited: Map<string, { readonly id: string }>;
  readonly users: Set<string>;
  readonly held: readonly unknown[];
  lookBacks: number;
  isServing: boolean;
}

const LEARN_MAX_MS = 1_000;
const LATE_MS = LEARN_MAX_MS + 1;

/** Partitions taken at time 0, each with a user; of those of odd numbers an edge is still awaited. */
function world(count: number) {
  const all = new Map<number, FakePartition>();
  for (let number = 0; number < count; number++) {
    const awaited = new Map(number % 2 === 1 ? [['incarnation', { id: 'edge-1' }] as const] : []);
    const rest = { users: new Set(['a@b']), held: [], lookBacks: 0, isServing: false };
    all.set(number, { number, takenAtMs: 0, awaited, ...rest });
  }
  const served: number[] = [];
  const errors: { readonly partition: number; readonly edges: readonly string[] }[] = [];
  const serve = (partition: FakePartition) => {
    partition.isServing = true;
    served.push(partition.number);
  };
  const options = {
    standing: { acting: {} },
    partitions: { values: () => all.values(), get: (number: number) => all.get(number), serve, release: () => [] },
    outbox: { want: () => undefined },
    broadcast: { introduce: () => undefined },
    config: { learnMaxMs: LEARN_MAX_MS },
    metrics: { learnSeconds: { observe: () => undefined }, wanted: { inc: () => undefined } },
    log: { error: (what: (typeof errors)[number]) => void errors.push(what) },
  };
  return { learning: new Learning(options as unknown as LearningOptions), all, served, errors };
}

const asPartition = (partition: FakePartition) => partition as unknown as Partition;

test('who waits for edges no longer serves one partition in a turn, as at any time: else he would be silent, and lose them all again', async () => {
  const { learning, all, served, errors } = world(10);
  for (const partition of all.values()) learning.serveIfKnown(asPartition(partition));
  learning.tick(LATE_MS);
  learning.tick(LATE_MS);
  assert.deepEqual(served, []);
  for (let turn = 1; turn <= all.size; turn++) {
    await nextTurn();
    assert.ok(served.length <= turn, `${served.length} in ${turn} turns`);
  }
  while (served.length < all.size) await nextTurn();
  assert.equal(new Set(served).size, all.size);
  // Those that were known and waited for nothing but their turn have no silent edge.
  assert.deepEqual(
    errors.map(({ partition, edges }) => [partition, ...edges]),
    [1, 3, 5, 7, 9].map((number) => [number, 'edge-1']),
  );
});
