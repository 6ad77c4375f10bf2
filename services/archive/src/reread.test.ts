import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type LogEntry, MemoryBus, MemoryLog } from '@starling/bus';
import { decodeEnvelope } from '@starling/contracts';
import { BodyReader, withinReach } from './reread.ts';
import { Rereads } from './rereads.ts';
import { bodiless, isBodiless, type TailEntry } from './tail-entry.ts';
import { append, tailEntry, userOn } from './testing/entries.ts';
import { STREAMS } from './testing/world.ts';

const OWNER = userOn(0);
const COUNT = 3_000;
const bare = (sequence: number) => bodiless(tailEntry(OWNER, sequence));

describe('what may be read again for one answer', () => {
  const many = Array.from({ length: 9_000 }, (_, i) => bare(i + 1));

  it('is bounded by what has to be read for it, in both directions', () => {
    assert.equal(withinReach(many), 7_001);
    assert.equal(withinReach(many.toReversed()), 7_001);
    // Each is a run of its own.
    assert.equal(withinReach(Array.from({ length: 20 }, (_, i) => bare(1 + i * 5_000))), 8);
  });

  it('is at least one, and all that has its bytes', () => {
    assert.equal(withinReach([]), 0);
    assert.equal(withinReach([bare(7)]), 1);
    assert.equal(withinReach(Array.from({ length: 9_000 }, (_, i) => tailEntry(OWNER, 1 + i * 5_000))), 9_000);
  });
});

describe('bytes that were given up', () => {
  const bus = new MemoryBus({});
  const log = new MemoryLog(bus, { streams: STREAMS, acknowledge: 'at-once' });
  let all: TailEntry[] = [];
  let opened = 0;
  const read: MemoryLog['read'] = (stream, from) => {
    opened++;
    return log.read(stream, from);
  };
  const reader = () => new BodyReader({ read }, 0);
  const asTail = (entry: LogEntry): TailEntry => ({
    ...entry,
    size: entry.data.length,
    envelope: decodeEnvelope(entry.data),
  });

  before(async () => {
    for (let i = 0; i < COUNT; i++) await append(log, OWNER, { id: `m${i}` });
    const whole = await log.read(0, 1);
    while (all.length < COUNT) all = [...all, ...(await whole.next(COUNT, 1_000)).map(asTail)];
    await whole.close();
  });
  after(async () => {
    await log.close();
    await bus.close();
  });

  it('come back as they were, batch after batch by one reader', async () => {
    opened = 0;
    const bodies = reader();
    const found: TailEntry[] = [];
    for (let i = 0; i < COUNT; i += 700) {
      const batch = all.slice(i, i + 700).map((entry, n) => (n % 3 === 0 ? entry : bodiless(entry)));
      const { entries, gone } = await bodies.fill(batch);
      assert.equal(gone, 0);
      found.push(...entries);
    }
    await bodies.close();
    assert.equal(opened, 1);
    assert.deepEqual(found, all);
  });

  it('come in runs', async () => {
    opened = 0;
    const bodies = reader();
    const wanted = [1, 2, 500, 2_000, 2_900].map((i) => all[i]).filter((entry) => entry !== undefined);
    assert.deepEqual((await bodies.fill(wanted.map(bodiless))).entries, wanted);
    await bodies.close();
    assert.equal(opened, 2);
  });

  it('are gone when others have their numbers: nobody can read these entries', async () => {
    const bodies = reader();
    const others = all.slice(0, 3).map((entry, i) => bodiless(i === 1 ? { ...entry, id: 'another' } : entry));
    const { entries, gone } = await bodies.fill(others);
    await bodies.close();
    assert.equal(gone, 1);
    assert.deepEqual([entries[0], entries[2]], [all[0], all[2]]);
    assert.deepEqual([entries[1]?.envelope, entries[1] && isBodiless(entries[1])], [undefined, false]);
  });

  it('are read for one asker at a time; who hears of a failure is who has asked', async () => {
    const rereads = new Rereads(reader);
    const [first, second] = all;
    assert.ok(first && second);
    const lost = rereads.whole([bodiless({ ...first, id: 'another' })]);
    const found = rereads.whole([bodiless(second)]);
    await assert.rejects(lost, { name: 'LogUnavailableError' });
    assert.deepEqual(await found, [second]);
    const asked = await Promise.allSettled(Array.from({ length: 120 }, () => rereads.whole([bodiless(first)])));
    assert.equal(asked.filter(({ status }) => status === 'rejected').length, 20);
  });
});
