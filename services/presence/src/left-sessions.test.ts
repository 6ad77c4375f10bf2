import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRecords } from '@starling/bus';
import { subjects } from '@starling/contracts';
import { silentLogger } from '@starling/runtime';
import { LeftSessions } from './left-sessions.ts';
import { Partition } from './partition.ts';

class CountedRecords extends MemoryRecords {
  readonly asked: string[] = [];
  override keys(prefix: Parameters<MemoryRecords['keys']>[0]): Promise<readonly string[]> {
    this.asked.push(prefix);
    return super.keys(prefix);
  }
}

test('several edges die at once: a partition whose turn has not come is read once, and all who wait for it are told', async () => {
  const records = new CountedRecords(1_000);
  const config = { recordsReadMax: 1, lookBackMs: 1_000 };
  const options = { records, config, isThere: () => false, onLeft: () => assert.fail(), log: silentLogger };
  const left = new LeftSessions(options);
  const [first, second] = [new Partition(1, 1, 0, []), new Partition(2, 1, 0, [])];
  const read = (partition: Partition) => new Promise<void>((resolve) => left.read(partition, resolve));
  await Promise.all([read(first), read(second), read(second), read(first), read(second)]);
  const [one, two] = [subjects.sessionsOf(1), subjects.sessionsOf(2)];
  // The first one's turn had come when it was asked for again.
  assert.deepEqual(records.asked, [one, two, one]);
  await read(second);
  assert.deepEqual(records.asked, [one, two, one, two]);
});
