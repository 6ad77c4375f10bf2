import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FreshAnswer } from './fresh-answer.ts';

/** Asked one after the other, each answered when the test says so. */
function world() {
  const waiting: ((end: number) => void)[] = [];
  let asked = 0;
  const fresh = new FreshAnswer<number>(() => {
    asked++;
    return new Promise((resolve) => void waiting.push(resolve));
  });
  return {
    fresh,
    asked: () => asked,
    answer: async (end: number) => {
      waiting.shift()?.(end);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test('questions of one time share an answer that was not there before them', async () => {
  const { fresh, asked, answer } = world();
  const first = fresh.find();
  const second = fresh.find();
  const third = fresh.find();
  assert.equal(asked(), 1);
  await answer(5);
  assert.equal(await first, 5);
  assert.equal(asked(), 2);
  await answer(9);
  assert.deepEqual([await second, await third], [9, 9]);
  assert.equal(asked(), 2);
  const later = fresh.find();
  assert.equal(asked(), 3);
  await answer(10);
  assert.equal(await later, 10);
});

test('a failure is for who has asked; the next ones ask again', async () => {
  let isDown = true;
  const fresh = new FreshAnswer(async () => {
    if (isDown) throw new Error('down');
    return 3;
  });
  const [first, second] = [fresh.find(), fresh.find()];
  isDown = false;
  await assert.rejects(first, /down/);
  assert.equal(await second, 3);
});
