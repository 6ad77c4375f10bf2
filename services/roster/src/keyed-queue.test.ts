import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyedQueue, QueueFullError } from './keyed-queue.ts';

/** Jobs that end when told to. */
function makeJobs(queue: KeyedQueue) {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string, ...keys: string[]) =>
    queue.run(keys, () => {
      started.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const end = async (name: string) => {
    ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { started, run, end };
}

test('jobs of one key take turns, others do not wait', async () => {
  const { started, run, end } = makeJobs(new KeyedQueue(10));
  const all = [run('a', 'x'), run('b', 'x', 'y'), run('c', 'z'), run('d', 'y')];
  await end('');
  assert.deepEqual(started, ['a', 'c']);
  await end('a');
  assert.deepEqual(started, ['a', 'c', 'b']);
  await end('b');
  assert.deepEqual(started, ['a', 'c', 'b', 'd']);
  for (const name of ['c', 'd']) await end(name);
  await Promise.all(all);
});

test('two jobs that want the same keys in another order do not wait for each other', async () => {
  const queue = new KeyedQueue(10);
  const { run, end } = makeJobs(queue);
  const all = [run('a', 'x', 'y'), run('b', 'y', 'x')];
  for (const name of ['', 'a', 'b']) await end(name);
  await Promise.all(all);
  assert.equal(queue.length, 0);
});

test('a job that fails does not hold up the next one, and the queue is bounded', async () => {
  const queue = new KeyedQueue(2);
  const failed = assert.rejects(
    queue.run(['x'], () => Promise.reject(new Error('no'))),
    /no/,
  );
  const next = queue.run(['x'], async () => 'done');
  await assert.rejects(
    queue.run(['y'], async () => undefined),
    QueueFullError,
  );
  await failed;
  assert.equal(await next, 'done');
});
