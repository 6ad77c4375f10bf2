import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { groups, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { RecordConflictError, type Records, RecordsUnavailableError } from '../records.ts';
import { bytesOf, STRANGE, textOf } from './tools.ts';

/** Room for eight of the largest, where the oldest records go. */
export const COPIES_BYTES_MAX = 8 * 64 * 1024;
export const COPIES_AGE_MAX_MS = 3_600_000;
/** The keys of both kinds of records. */
export const RECORD_KEYS = [subjects.membership(groups.archive), subjects.membership(groups.presence)] as const;
export const copyKey = (n: number): string => subjects.accountCopy(`user-${n}@example.com` as BareJid);
export const COPY_KEYS = [copyKey(1), copyKey(2)] as const;

/** Records to be tried, which several processes share. */
export interface RecordsWorld {
  /** A process of its own; in process it is the one there is. */
  open(): Promise<Records>;
  /** Two keys that they capture. */
  readonly keys: readonly [string, string];
  /** Where the oldest records make room for new ones: bytes of all together, and a key of its own for every number. */
  readonly forgets?: { readonly bytesMax: number; readonly keyOf: (n: number) => string };
  /** Keeps answers from coming; absent where that cannot be. Returns how to end it. */
  readonly hold?: () => Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export const VALUE_BYTES_MAX = 64 * 1024;
export const TIMEOUT_MS = 1_000;

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
      const [key, otherKey] = world.keys;
      assert.equal(await one.get(key), undefined);
      const first = await one.put(key, bytesOf('first'), 0);
      assert.ok(first > 0);
      await one.put(otherKey, bytesOf('other'), 0);
      const read = await two.get(key);
      assert.deepEqual([textOf(read?.value ?? bytesOf('')), read?.revision], ['first', first]);
      const second = await two.put(key, bytesOf('second'), first);
      assert.ok(second > first);
      assert.equal(textOf((await one.get(key))?.value ?? bytesOf('')), 'second');
      assert.equal(textOf((await one.get(otherKey))?.value ?? bytesOf('')), 'other');
    });

    it('tell which keys there are', async (t) => {
      const world = await enter(t);
      const records = await world.open();
      const filters = new Set(world.keys.map((key): `${string}.*` => `${key.slice(0, key.lastIndexOf('.'))}.*`));
      const all = async () => (await Promise.all([...filters].map((filter) => records.keys(filter)))).flat().sort();
      assert.deepEqual(await all(), []);
      const [key, otherKey] = world.keys;
      await records.put(key, bytesOf('first'), await records.put(key, bytesOf('x'), 0));
      const revision = await records.put(otherKey, bytesOf('other'), 0);
      assert.deepEqual(await all(), [...world.keys].sort());
      if (world.forgets) return; // from there nothing is removed by name
      await records.remove(otherKey, revision);
      assert.deepEqual(await all(), [key]);
      assert.deepEqual(await records.keys('o.nothing.*'), []);
    });

    it('refuse a change that is not based on the newest version', async (t) => {
      const world = await enter(t);
      const records = await world.open();
      const [key, otherKey] = world.keys;
      await assert.rejects(records.put(key, bytesOf('x'), 7), RecordConflictError);
      const first = await records.put(key, bytesOf('first'), 0);
      await assert.rejects(records.put(key, bytesOf('x'), 0), RecordConflictError);
      const second = await records.put(key, bytesOf('second'), first);
      await assert.rejects(records.put(key, bytesOf('x'), first), RecordConflictError);
      await assert.rejects(records.put(otherKey, bytesOf('x'), second), RecordConflictError);
      assert.equal(textOf((await records.get(key))?.value ?? bytesOf('')), 'second');
    });

    it('remove the version that is named, and no other', async (t) => {
      const world = await enter(t);
      const records = await world.open();
      const [key, otherKey] = world.keys;
      await assert.rejects(records.remove(key, 1), RecordConflictError);
      const first = await records.put(key, bytesOf('first'), 0);
      await assert.rejects(records.remove(otherKey, first), RecordConflictError);
      const second = await records.put(key, bytesOf('second'), first);
      await assert.rejects(records.remove(key, first), RecordConflictError);
      assert.equal(textOf((await records.get(key))?.value ?? bytesOf('')), 'second');
      await records.remove(key, second);
      assert.equal(await records.get(key), undefined);
      await assert.rejects(records.put(key, bytesOf('x'), second), RecordConflictError);
      assert.ok((await records.put(key, bytesOf('third'), 0)) > second);
    });

    it('refuse a key that is none', async (t) => {
      const world = await enter(t);
      const records = await world.open();
      for (const strange of STRANGE) {
        const key = `${world.keys[0]}${strange}`;
        await assert.rejects(records.get(key), TypeError);
        await assert.rejects(records.put(key, bytesOf('x'), 0), TypeError);
        await assert.rejects(records.remove(key, 1), TypeError);
      }
      assert.equal(await records.get(world.keys[0]), undefined);
    });

    it('carry any bytes, and none', async (t) => {
      const world = await enter(t);
      const records = await world.open();
      const [key] = world.keys;
      const all = Uint8Array.from({ length: VALUE_BYTES_MAX }, (_, i) => i % 256);
      const revision = await records.put(key, all, 0);
      assert.deepEqual(Buffer.from((await records.get(key))?.value ?? []), Buffer.from(all));
      const empty = await records.put(key, new Uint8Array(0), revision);
      assert.deepEqual(await records.get(key), { value: new Uint8Array(0), revision: empty });
      await assert.rejects(records.put(key, new Uint8Array(VALUE_BYTES_MAX + 1), empty), RangeError);
    });

    it('let no change of many writers be lost', async (t) => {
      const world = await enter(t);
      await Promise.all(
        Array.from({ length: WRITERS }, async () => {
          const records = await world.open();
          for (let i = 0; i < INCREMENTS; i++) await increment(records, world.keys[0]);
        }),
      );
      const sum = Number(textOf((await (await world.open()).get(world.keys[0]))?.value ?? bytesOf('')));
      assert.equal(sum, WRITERS * INCREMENTS);
    });

    it('of which the oldest go, where they may, are as if they had never been', async (t) => {
      const world = await enter(t);
      if (world.forgets === undefined) return;
      const { bytesMax, keyOf } = world.forgets;
      const records = await world.open();
      const large = new Uint8Array(VALUE_BYTES_MAX);
      // One more than there is room for, each with its key and headers.
      const count = Math.floor(bytesMax / VALUE_BYTES_MAX) - 1;
      const first = await records.put(keyOf(0), large, 0);
      await records.put(keyOf(1), large, 0);
      const renewed = await records.put(keyOf(0), large, first);
      for (let n = 2; n <= count; n++) await records.put(keyOf(n), large, 0);
      assert.equal(await records.get(keyOf(1)), undefined, 'the one that was changed longest ago');
      assert.equal((await records.get(keyOf(0)))?.revision, renewed);
      assert.ok((await records.put(keyOf(1), large, 0)) > renewed);
      assert.ok(await records.get(keyOf(count)));
    });

    it('say when nobody answers, in bounded time, and when they were closed', async (t) => {
      const world = await enter(t);
      const records = await world.open();
      const [key] = world.keys;
      await records.put(key, bytesOf('x'), 0);
      if (world.hold) {
        const letGo = await world.hold();
        const startedMs = Date.now();
        await assert.rejects(records.get(key), RecordsUnavailableError);
        await assert.rejects(records.put(key, bytesOf('y'), 0), RecordsUnavailableError);
        assert.ok(Date.now() - startedMs < TIMEOUT_MS * 4);
        await letGo();
        assert.equal(textOf((await records.get(key))?.value ?? bytesOf('')), 'x');
      }
      await records.close();
      await assert.rejects(records.get(key), RecordsUnavailableError);
      await assert.rejects(records.put(key, bytesOf('y'), 0), RecordsUnavailableError);
    });
  });
}

async function increment(records: Records, key: string): Promise<void> {
  for (;;) {
    const before = await records.get(key);
    const value = String(Number(before === undefined ? 0 : textOf(before.value)) + 1);
    try {
      await records.put(key, bytesOf(value), before?.revision ?? 0);
      return;
    } catch (error) {
      // Policy: another writer was first.
      if (!(error instanceof RecordConflictError)) throw error;
    }
  }
}
