import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeadlineError } from './deadline.ts';
import { Lifecycle, StoppedError } from './lifecycle.ts';

test('everything stops in reverse order, each in its own time, whatever fails', async () => {
  const lifecycle = new Lifecycle();
  const stopped: string[] = [];
  const stop = (name: string) => void stopped.push(name);
  assert.equal(await lifecycle.use('a', Promise.resolve('a'), stop), 'a');
  await lifecycle.use('b', 'b', () => {
    throw new TypeError('b does not stop');
  });
  await lifecycle.use('c', 'c', () => new Promise(() => {}), { stopTimeoutMs: 5 });
  await lifecycle.use('d', 'd', async (name) => stop(name));
  const first = lifecycle.stop();
  assert.equal(lifecycle.isStopping, true);
  assert.equal(lifecycle.stop(), first);
  const failures = await first;
  assert.deepEqual(stopped, ['d', 'a']);
  assert.deepEqual(
    failures.map((f) => f.name),
    ['c', 'b'],
  );
  assert.ok(failures[0]?.error instanceof DeadlineError);
  assert.ok(failures[1]?.error instanceof TypeError);
});

test('a start that fails is not stopped', async () => {
  const lifecycle = new Lifecycle();
  await assert.rejects(
    lifecycle.use('a', Promise.reject(new Error('no')), () => assert.fail()),
    /no/,
  );
  assert.deepEqual(await lifecycle.stop(), []);
});

test('what comes to life after its deadline is stopped at once', async () => {
  const lifecycle = new Lifecycle();
  const { promise, resolve } = defer<string>();
  const stopped = defer<string>();
  await assert.rejects(
    lifecycle.use('late', promise, (x) => stopped.resolve(x), { startTimeoutMs: 5 }),
    DeadlineError,
  );
  resolve('late');
  assert.equal(await stopped.promise, 'late');
});

test('what comes to life during the stop is stopped, and its user is told', async () => {
  const lifecycle = new Lifecycle();
  const { promise, resolve } = defer<string>();
  const stopped: string[] = [];
  const using = lifecycle.use('late', promise, (x) => void stopped.push(x));
  const stopping = lifecycle.stop();
  resolve('late');
  await assert.rejects(using, StoppedError);
  await stopping;
  assert.deepEqual(stopped, ['late']);
});

function defer<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}
