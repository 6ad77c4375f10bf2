import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BatchedReads } from './batched-reads.ts';

/** Statements as they were asked for, each ended by hand. */
class Statements {
  readonly asked: (readonly string[])[] = [];
  readonly #ends: ((error?: Error) => void)[] = [];

  readonly select = (users: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    this.asked.push(users);
    return new Promise((resolve, reject) => {
      this.#ends.push((error) =>
        error ? reject(error) : resolve(new Map(users.map((user) => [user, `row of ${user}`]))),
      );
    });
  };

  async end(error?: Error): Promise<void> {
    this.#ends.shift()?.(error);
    // The answer, then the turn in which the next statement begins.
    await nextTurn();
    await nextTurn();
  }
}

describe('reads of many users', () => {
  it('are one statement for all that is asked for in one turn, and a user is read once', async () => {
    const statements = new Statements();
    const reads = new BatchedReads(statements.select);
    const all = Promise.all(['a', 'b', 'a'].map((user) => reads.read(user)));
    await nextTurn();
    assert.deepEqual(statements.asked, [['a', 'b']]);
    await statements.end();
    assert.deepEqual(await all, ['row of a', 'row of b', 'row of a']);
  });

  it('gather while two statements are under way', async () => {
    const statements = new Statements();
    const reads = new BatchedReads(statements.select);
    const all: Promise<unknown>[] = [];
    for (const user of ['a', 'b', 'c', 'd', 'e']) {
      all.push(reads.read(user));
      await nextTurn();
    }
    assert.deepEqual(statements.asked, [['a'], ['b']]);
    await statements.end();
    assert.deepEqual(statements.asked.slice(2), [['c', 'd', 'e']]);
    // Who asks again while he is being read is read again: something may have changed.
    all.push(reads.read('e'));
    await statements.end();
    assert.deepEqual(statements.asked.slice(3), [['e']]);
    await statements.end();
    await statements.end();
    assert.equal((await Promise.all(all)).length, 6);
  });

  it('are a hundred users in a statement at most', async () => {
    const statements = new Statements();
    const reads = new BatchedReads(statements.select);
    const all = Promise.all(Array.from({ length: 250 }, (_, n) => reads.read(`u${n}`)));
    await nextTurn();
    await nextTurn();
    assert.deepEqual(
      statements.asked.map((users) => users.length),
      [100, 100],
    );
    await statements.end();
    assert.equal(statements.asked[2]?.length, 50);
    await statements.end();
    await statements.end();
    assert.equal((await all)[249], 'row of u249');
  });

  it('fail for those who wait for them, and for nobody else', async () => {
    const statements = new Statements();
    const reads = new BatchedReads(statements.select);
    const failing = assert.rejects(reads.read('a'), { message: 'away' });
    await nextTurn();
    const next = reads.read('b');
    await nextTurn();
    await statements.end(new Error('away'));
    await failing;
    await statements.end();
    assert.equal(await next, 'row of b');
  });
});
