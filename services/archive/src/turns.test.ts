import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NoTurnError, Turns } from './turns.ts';

function work() {
  let end: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { done, end };
}

test('so many at once, the others in order, and no more of them', async () => {
  const turns = new Turns({ atOnce: 1, waitingMax: 2, ofUserMax: 9 });
  const order: string[] = [];
  const first = work();
  const all = ['a', 'b', 'c'].map((user, i) =>
    turns.take(user, async () => {
      order.push(user);
      if (i === 0) await first.done;
    }),
  );
  assert.deepEqual([order, turns.waiting], [['a'], 2]);
  await assert.rejects(
    turns.take('d', async () => undefined),
    NoTurnError,
  );
  first.end();
  await Promise.all(all);
  assert.deepEqual([order, turns.waiting], [['a', 'b', 'c'], 0]);
});

test('one user has so many of them', async () => {
  const turns = new Turns({ atOnce: 9, waitingMax: 9, ofUserMax: 2 });
  const one = work();
  const busy = [1, 2].map(() => turns.take('a', () => one.done));
  await assert.rejects(
    turns.take('a', async () => undefined),
    NoTurnError,
  );
  assert.equal(await turns.take('b', async () => 7), 7);
  one.end();
  await Promise.all(busy);
  assert.equal(await turns.take('a', async () => 8), 8);
});

test('property: never more than so many, and all who wait have their turn, whatever fails', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 30 }),
      fc.integer({ min: 1, max: 4 }),
      async (fails, atOnce) => {
        const turns = new Turns({ atOnce, waitingMax: 99, ofUserMax: 99 });
        let working = 0;
        const outcomes = await Promise.allSettled(
          fails.map((isFailing, i) =>
            turns.take(`u${i % 3}`, async () => {
              assert.ok(++working <= atOnce);
              await Promise.resolve();
              working--;
              if (isFailing) throw new Error('as planned');
            }),
          ),
        );
        assert.deepEqual(
          outcomes.map(({ status }) => status === 'rejected'),
          fails,
        );
        assert.equal(turns.waiting, 0);
      },
    ),
  );
});
