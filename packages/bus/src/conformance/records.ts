import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { groups, subjects } from '@starling/contracts';
import { RecordConflictError, type Records, RecordsUnavailableError } from '../records.ts';
import { bytesOf, textOf } from './tools.ts';

/** Records to be tried, which several processes share. */
export interface RecordsWorld {
  /** A process of its own; in process it is the one there is. */
  open(): Promise<Records>;
  /** Keeps answers from coming; absent where that cannot be. Returns how to end it. */
  readonly hold?: () => Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export const VALUE_BYTES_MAX = 64 * 1024;
export const TIMEOUT_MS = 1_000;

const KEY = subjects.membership(groups.archive);
const OTHER_KEY = subjects.membership(groups.presence);
const WRITERS = 4;
const INCREMENTS = 25;

/** Registers what all Records must do. */
export function recordsConformance(name: string, makeWorld: () => Promise<RecordsWorld>): void {
  const enter = async (t: TestContext) => {
    const world = await makeWorld();
    t.after(() => world.close());
    return world;
  };

  describe(`Records ${name}`, () => {
    it('keep what was put, each key its own, for every process', async (t) => {
      const world = await enter(t);
      const [one, two] = [await world.open(), await world.open()];
      assert.equal(await one.get(KEY), undefined);
      const first = await one.put(KEY, bytesOf('first'), 0);
      assert.ok(first > 0);
      await one.put(OTHER_KEY, bytesOf('other'), 0);
      const read = await two.get(KEY);
      assert.deepEqual([textOf(read?.value ?? bytesOf('')), read?.revision], ['first', first]);
      const second = await two.put(KEY, bytesOf('second'), first);
      assert.ok(second > first);
      assert.equal(textOf((await one.get(KEY))?.value ?? bytesOf('')), 'second');
      assert.equal(textOf((await one.get(OTHER_KEY))?.value ?? bytesOf('')), 'other');
    });

    it('refuse a change that is not based on the newest version', async (t) => {
      const world = await enter(t);
      const records = await world.open();
      await assert.rejects(records.put(KEY, bytesOf('x'), 7), RecordConflictError);
      const first = await records.put(KEY, bytesOf('first'), 0);
      await assert.rejects(records.put(KEY, bytesOf('x'), 0), RecordConflictError);
      const second = await records.put(KEY, bytesOf('second'), first);
      await assert.rejects(records.put(KEY, bytesOf('x'), first), RecordConflictError);
      await assert.rejects(records.put(OTHER_KEY, bytesOf('x'), second), RecordConflictError);
      assert.equal(textOf((await records.get(KEY))?.value ?? bytesOf('')), 'second');
    });

    it('remove the version that is named, and no other', async (t) => {
      const world = await enter(t);
      const records = await world.open();
      await assert.rejects(records.remove(KEY, 1), RecordConflictError);
      const first = await records.put(KEY, bytesOf('first'), 0);
      await assert.rejects(records.remove(OTHER_KEY, first), RecordConflictError);
      const second = await records.put(KEY, bytesOf('second'), first);
      await assert.rejects(records.remove(KEY, first), RecordConflictError);
      assert.equal(textOf((await records.get(KEY))?.value ?? bytesOf('')), 'second');
      await records.remove(KEY, second);
      assert.equal(await records.get(KEY), undefined);
      await assert.rejects(records.put(KEY, bytesOf('x'), second), RecordConflictError);
      assert.ok((await records.put(KEY, bytesOf('third'), 0)) > second);
    });

    it('carry any bytes, and none', async (t) => {
      const world = await enter(t);
      const records = await world.open();
      const all = Uint8Array.from({ length: VALUE_BYTES_MAX }, (_, i) => i % 256);
      const revision = await records.put(KEY, all, 0);
      assert.deepEqual(Buffer.from((await records.get(KEY))?.value ?? []), Buffer.from(all));
      const empty = await records.put(KEY, new Uint8Array(0), revision);
      assert.deepEqual(await records.get(KEY), { value: new Uint8Array(0), revision: empty });
      await assert.rejects(records.put(KEY, new Uint8Array(VALUE_BYTES_MAX + 1), empty), RangeError);
    });

    it('let no change of many writers be lost', async (t) => {
      const world = await enter(t);
      await Promise.all(
        Array.from({ length: WRITERS }, async () => {
          const records = await world.open();
          for (let i = 0; i < INCREMENTS; i++) await increment(records);
        }),
      );
      const sum = Number(textOf((await (await world.open()).get(KEY))?.value ?? bytesOf('')));
      assert.equal(sum, WRITERS * INCREMENTS);
    });

    it('say when nobody answers, in bounded time, and when they were closed', async (t) => {
      const world = await enter(t);
      const records = await world.open();
      await records.put(KEY, bytesOf('x'), 0);
      if (world.hold) {
        const letGo = await world.hold();
        const startedMs = Date.now();
        await assert.rejects(records.get(KEY), RecordsUnavailableError);
        await assert.rejects(records.put(KEY, bytesOf('y'), 0), RecordsUnavailableError);
        assert.ok(Date.now() - startedMs < TIMEOUT_MS * 4);
        await letGo();
        assert.equal(textOf((await records.get(KEY))?.value ?? bytesOf('')), 'x');
      }
      await records.close();
      await assert.rejects(records.get(KEY), RecordsUnavailableError);
      await assert.rejects(records.put(KEY, bytesOf('y'), 0), RecordsUnavailableError);
    });
  });
}

async function increment(records: Records): Promise<void> {
  for (;;) {
    const before = await records.get(KEY);
    const value = String(Number(before === undefined ? 0 : textOf(before.value)) + 1);
    try {
      await records.put(KEY, bytesOf(value), before?.revision ?? 0);
      return;
    } catch (error) {
      // Policy: another writer was first.
      if (!(error instanceof RecordConflictError)) throw error;
    }
  }
}
