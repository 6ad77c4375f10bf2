import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeadlineError, withDeadline } from './deadline.ts';

test('a promise that settles in time keeps its outcome', async () => {
  assert.equal(await withDeadline(Promise.resolve(7), 1000, 'seven'), 7);
  await assert.rejects(withDeadline(Promise.reject(new TypeError('no')), 1000, 'no'), TypeError);
});

test('a promise that never settles is given up', async () => {
  await assert.rejects(withDeadline(new Promise(() => {}), 5, 'never'), (error: unknown) => {
    assert.ok(error instanceof DeadlineError);
    assert.deepEqual([error.label, error.timeoutMs], ['never', 5]);
    return true;
  });
});
