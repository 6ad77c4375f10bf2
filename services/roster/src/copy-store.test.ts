import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MemoryRecords, type Records, type StoredRecord } from '@starling/bus';
import { ACCOUNT_STATE, type AccountCopy, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { MetricsRegistry } from '@starling/runtime';
import fc from 'fast-check';
import { CopyStore, emptyCopy } from './copy-store.ts';
import { rosterMetrics } from './metrics.ts';

const BYTES_MAX = 1_000;
const user = '张三@例子.中国';

/** Records that count, and that may show an older version for a moment, as a replica does. */
class CountingRecords implements Records {
  readonly #real = new MemoryRecords(BYTES_MAX);
  readonly #old: StoredRecord[] = [];
  reads = 0;
  writes = 0;
  lagging = 0;
  async get(key: string) {
    this.reads++;
    const newest = await this.#real.get(key);
    if (newest !== undefined) this.#old.push(newest);
    return this.lagging-- > 0 ? this.#old[0] : newest;
  }
  put(key: string, value: Uint8Array, expected: number) {
    this.writes++;
    return this.#real.put(key, value, expected);
  }
  keys(filter: `${string}.*`) {
    return this.#real.keys(filter);
  }
  remove(key: string, expected: number) {
    return this.#real.remove(key, expected);
  }
  close() {
    return this.#real.close();
  }
}

const storeOn = (records: Records, refreshMs = 60_000, knownMax = 10) =>
  new CopyStore(records, { knownMax, refreshMs, metrics: new MetricsRegistry().register(rosterMetrics) });
const copyOf = (revision: number, name = user): AccountCopy => ({
  ...emptyCopy({ user: name, revision }, ACCOUNT_STATE.exists),
  version: { lineage: 'x', number: revision },
});
const goneAt = (revision: number) => emptyCopy({ user, revision }, ACCOUNT_STATE.removed);

describe('the store of copies', () => {
  it('keeps the newest one, whoever comes last', async () => {
    const records = new CountingRecords();
    const [one, two] = [storeOn(records), storeOn(records)];
    await one.put(copyOf(1));
    await two.put(copyOf(3));
    await one.put(copyOf(2)); // it still believes that 1 is stored
    assert.equal((await one.get(user))?.revision, 3);
    await one.put(goneAt(4));
    await two.put(copyOf(3));
    assert.equal((await two.get(user))?.state, ACCOUNT_STATE.removed);
    await two.put(copyOf(5));
    assert.equal((await one.get(user))?.state, ACCOUNT_STATE.exists, 'another account of the name');
  });

  it('of any writes in any order by any processes the highest revision is left', async () => {
    const write = fc.record({ process: fc.nat({ max: 2 }), revision: fc.nat({ max: 30 }), gone: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 20 }), async (writes) => {
        const records = new CountingRecords();
        const stores = [storeOn(records), storeOn(records), storeOn(records)];
        // A revision is one state of the account.
        const isGone = new Map(writes.map(({ revision, gone }) => [revision, gone]));
        await Promise.all(
          writes.map(({ process, revision }) =>
            stores[process]?.put(isGone.get(revision) ? goneAt(revision) : copyOf(revision)),
          ),
        );
        const highest = Math.max(...writes.map(({ revision }) => revision));
        const found = await stores[0]?.get(user);
        assert.equal(found?.revision, highest);
        assert.equal(found?.state === ACCOUNT_STATE.removed, isGone.get(highest));
      }),
    );
  });

  it('writes what is stored only when it gets old, and looks once', async () => {
    const records = new CountingRecords();
    const store = storeOn(records);
    await store.put(copyOf(1));
    await store.put(copyOf(1));
    assert.deepEqual([records.reads, records.writes, store.has(user, 1), store.has(user, 2)], [1, 1, true, false]);
    const another = storeOn(records);
    assert.equal(another.has(user, 1), false);
    await another.put(copyOf(1));
    assert.deepEqual([records.reads, records.writes, another.has(user, 1)], [2, 1, true]);
    const impatient = storeOn(records, 0);
    await impatient.put(copyOf(1));
    assert.equal(records.writes, 2);
  });

  it('is not led astray by a replica that lags behind, nor by a store that lost everything', async () => {
    const records = new CountingRecords();
    const [one, two] = [storeOn(records), storeOn(records)];
    await one.put(copyOf(1));
    await one.get(user);
    await two.put(copyOf(4));
    records.lagging = 2;
    await one.put(copyOf(3));
    assert.equal((await one.get(user))?.revision, 4);
    const empty = new CountingRecords();
    const store = storeOn(empty);
    await store.put(copyOf(1));
    await empty.remove(subjects.accountCopy(user as BareJid), 1);
    await store.put(copyOf(2));
    assert.equal((await store.get(user))?.revision, 2);
  });

  it('has nothing of an account that is too large, not even what it had before', async () => {
    const store = storeOn(new CountingRecords());
    await store.put(copyOf(1));
    await store.put({ ...copyOf(2), requests: [new Uint8Array(BYTES_MAX)] });
    const found = await store.get(user);
    assert.deepEqual([found?.state, found?.revision], [ACCOUNT_STATE.unknown, 2]);
  });

  it('remembers a bounded number of accounts', async () => {
    const store = storeOn(new CountingRecords(), 60_000, 2);
    for (const name of ['a@x', 'b@x', 'c@x']) await store.put(copyOf(1, name));
    assert.deepEqual([store.has('a@x', 1), store.has('b@x', 1), store.has('c@x', 1)], [false, true, true]);
  });
});
