import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { entryId, PARTITIONS, partitionOf, streamOf, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Bus, Commit } from '../bus.ts';
import type { Log, LogEntry, LogReader } from '../log.ts';
import { LogBusyError, LogFullError, LogUnavailableError, StreamRecreatedError } from '../log.ts';
import { bytesOf, STRANGE, textOf, until, usersOf } from './tools.ts';

/** What a test may want to be small. */
export interface LogLimits {
  readonly duplicateWindowMs: number;
  /** Of one stream, approximately. */
  readonly bytesMax: number;
  readonly pendingMax: number;
  readonly appendTimeoutMs: number;
}

export interface LogProcess {
  readonly bus: Bus;
  readonly log: Log;
}

/** A log to be tried: STREAMS streams that several processes share. */
export interface LogWorld {
  /** A process of its own; in process it is always the same. */
  open(limits?: Partial<LogLimits>): Promise<LogProcess>;
  /** Kills -9 what keeps the log and starts it again with what it had stored. Processes are to be opened again. */
  restart(): Promise<void>;
  /** Deletes a stream and makes it anew. */
  recreate(process: LogProcess, stream: number): Promise<void>;
  /** Makes the log unable to acknowledge, if it can; the undo lets it. */
  readonly hold?: () => Promise<() => Promise<void>>;
  /**
   * Whether re-publications never overtake one another. On nats-server 2.9 those of two connections do, one in 300 of one user
   * under load: the subscriber sees a gap, and the missing one comes right after.
   */
  readonly republishesInOrder: boolean;
  /** What is acknowledged gives way when the log is full: the test has to hold it. */
  readonly givesWay?: boolean;
  /** Makes this process lose live messages on this subject, and what is published on others meanwhile. */
  overload(slow: Bus, subject: string, meanwhile: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export const STREAMS = 2;

interface Republished extends Commit {
  readonly subject: string;
  readonly text: string;
}

function collect(bus: Bus, subject: string): Republished[] {
  const got: Republished[] = [];
  bus.subscribe(subject, ({ subject: on, data, commit }) => {
    assert.ok(commit, 'a re-published entry says where it stands');
    got.push({ ...commit, subject: on, text: textOf(data) });
  });
  return got;
}

async function readAll(log: Log, stream: number, from: number, upTo: number): Promise<LogEntry[]> {
  const reader = await log.read(stream, from);
  const entries = await readUpTo(reader, upTo);
  await reader.close();
  return entries;
}

async function readUpTo(reader: LogReader, upTo: number): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  await until(`an entry ${upTo}`, async () => {
    entries.push(...(await reader.next(500, 200)));
    return (entries.at(-1)?.sequence ?? 0) >= upTo;
  });
  return entries;
}

const sequencesOf = (entries: readonly { readonly sequence: number }[]) => entries.map(({ sequence }) => sequence);
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** Registers what every Log must do. */
export function logConformance(name: string, makeWorld: () => Promise<LogWorld>, alwaysAcknowledges = false): void {
  /** For cases in which an append waits for its acknowledgement. */
  const itMayWait = alwaysAcknowledges ? () => undefined : it;
  const enter = async (t: TestContext) => {
    const world = await makeWorld();
    t.after(() => world.close());
    return world;
  };
  const [alice, bob, carol] = usersOf(0, STREAMS, 3) as [BareJid, BareJid, BareJid];
  const [other] = usersOf(1, STREAMS, 1) as [BareJid];

  describe(`Log ${name}`, () => {
    it('stores an entry, acknowledges it, and re-publishes it where its user listens', async (t) => {
      const world = await enter(t);
      const { bus, log } = await world.open();
      const got = collect(bus, subjects.user(alice));
      await bus.flush();
      const beforeMs = Date.now();
      assert.deepEqual(await log.append(alice, 'id-1', bytesOf('hark')), {
        stream: 0,
        sequence: 1,
        duplicate: false,
      });
      await until('it is re-published', () => got.length === 1);
      assert.deepEqual(got, [{ subject: subjects.user(alice), stream: 0, sequence: 1, previous: 0, text: 'hark' }]);
      const [entry] = await readAll(log, 0, 1, 1);
      assert.ok(entry && entry.committedAtMs >= beforeMs - 50 && entry.committedAtMs <= Date.now() + 50);
      assert.deepEqual([entry.stream, entry.sequence, entry.id, textOf(entry.data)], [0, 1, 'id-1', 'hark']);
    });

    it('refuses an id that is none, and stores nothing of it', async (t) => {
      const { log } = await (await enter(t)).open();
      for (const id of STRANGE)
        await assert.rejects(async () => log.append(alice, id, bytesOf('x')), TypeError, JSON.stringify(id));
      assert.equal((await log.append(alice, 'id-1', bytesOf('hark'))).sequence, 1);
    });

    it('keeps the streams apart, each with sequences of its own', async (t) => {
      const { log } = await (await enter(t)).open();
      assert.equal((await log.append(alice, 'a', bytesOf('a'))).sequence, 1);
      assert.deepEqual(await log.append(other, 'b', bytesOf('b')), { stream: 1, sequence: 1, duplicate: false });
      assert.equal((await log.append(bob, 'c', bytesOf('c'))).sequence, 2);
      assert.deepEqual([(await log.info(0)).last, (await log.info(1)).last], [2, 1]);
      assert.equal(log.streams, STREAMS);
      for (const stream of [-1, STREAMS]) {
        await assert.rejects(log.info(stream), RangeError);
        await assert.rejects(log.read(stream, 1), RangeError);
      }
    });

    it('takes an entry of any user, whatever the characters of the JID', async (t) => {
      const { bus, log } = await (await enter(t)).open();
      const users = [
        'a.b*c>d@example.com',
        '罗密欧@例子.中国',
        `${'x'.repeat(900)}@example.com`,
        'r&j@[::1]',
      ] as BareJid[];
      for (const user of users) {
        const got = collect(bus, subjects.user(user));
        await bus.flush();
        await log.append(user, `id of ${users.indexOf(user)}`.replaceAll(' ', '-'), bytesOf(user));
        await until('it is re-published', () => got.length === 1);
        assert.equal(got[0]?.text, user);
        assert.equal(got[0]?.stream, streamOf(partitionOf(user), STREAMS));
      }
      assert.ok(users.every((user) => partitionOf(user) < PARTITIONS));
    });

    it('knows an entry that is sent again: stored once, re-published once, same sequence', async (t) => {
      const { bus, log } = await (await enter(t)).open();
      const got = collect(bus, subjects.user(alice));
      await bus.flush();
      const first = await log.append(alice, 'same', bytesOf('hark'));
      await log.append(bob, 'between', bytesOf('b'));
      assert.deepEqual(await log.append(alice, 'same', bytesOf('hark')), { ...first, duplicate: true });
      const atOnce = await Promise.all(upTo(5).map(() => log.append(alice, 'again', bytesOf('again'))));
      assert.deepEqual(sequencesOf(atOnce), [3, 3, 3, 3, 3]);
      assert.equal(atOnce.filter(({ duplicate }) => !duplicate).length, 1);
      await log.append(alice, 'end', bytesOf('end'));
      await until('the end is re-published', () => got.some(({ text }) => text === 'end'));
      assert.deepEqual(
        got.map(({ text }) => text),
        ['hark', 'again', 'end'],
      );
      assert.deepEqual(
        (await readAll(log, 0, 1, 4)).map(({ id }) => id),
        ['same', 'between', 'again', 'end'],
      );
    });

    it('takes one id on two subjects for one entry: so two entries never share an id', async (t) => {
      const { log } = await (await enter(t)).open();
      // The trap: ids are compared in a stream, not in a subject. The second is acknowledged and not stored.
      await log.append(alice, 'origin-id-1', bytesOf('to alice'));
      assert.deepEqual(await log.append(bob, 'origin-id-1', bytesOf('to bob')), {
        stream: 0,
        sequence: 1,
        duplicate: true,
      });
      // What entryId is for: the same message in the logs of sender and recipient has two ids.
      const message = { sender: alice, key: 'origin-id-2', payload: bytesOf('<body>hark</body>') };
      const idOf = (owner: BareJid) => entryId({ ...message, owner });
      assert.equal((await log.append(alice, idOf(alice), bytesOf('sent'))).duplicate, false);
      assert.equal((await log.append(bob, idOf(bob), bytesOf('received'))).duplicate, false);
      assert.deepEqual(
        (await readAll(log, 0, 1, 3)).map(({ data }) => textOf(data)),
        ['to alice', 'sent', 'received'],
      );
    });

    it('has one order: of acknowledgements, of re-publication, of reading', async (t) => {
      const world = await enter(t);
      const processes = [await world.open(), await world.open()];
      const { bus, log } = processes[0] as LogProcess;
      const got = collect(bus, 'u.>');
      await bus.flush();
      const users = usersOf(0, STREAMS, 8);
      const appended = new Map<BareJid, number[]>();
      // One entry in flight for each user, as an edge has one for each sender.
      await Promise.all(
        users.map(async (user, u) => {
          const sequences: number[] = [];
          appended.set(user, sequences);
          for (let i = 0; i < 60; i++) {
            const { log } = processes[u % 2] as LogProcess;
            sequences.push((await log.append(user, `${user}-${i}`, bytesOf(`${user} ${i}`))).sequence);
          }
        }),
      );
      const total = users.length * 60;
      await until('all are re-published', () => got.length === total);
      if (!world.republishesInOrder) got.sort((a, b) => a.sequence - b.sequence);
      assert.deepEqual(sequencesOf(got), upTo(total));
      const read = await readAll(log, 0, 1, total);
      assert.deepEqual(sequencesOf(read), upTo(total));
      assert.deepEqual(
        read.map(({ data }) => textOf(data)),
        got.map(({ text }) => text),
      );
      for (const user of users) {
        const own = got.filter(({ subject }) => subject === subjects.user(user));
        assert.deepEqual(sequencesOf(own), appended.get(user));
        assert.deepEqual(
          own.map(({ text }) => text),
          upTo(59, 0).map((i) => `${user} ${i}`),
        );
        // Each names the one before it: who misses one sees it at the next.
        assert.deepEqual(
          own.map(({ previous }) => previous),
          [0, ...sequencesOf(own).slice(0, -1)],
        );
      }
    });

    it('shows a gap to who lost messages', async (t) => {
      const world = await enter(t);
      const { log } = await world.open();
      const slow = await world.open();
      const got: [previous: number, sequence: number][] = [];
      slow.bus.subscribe(subjects.user(alice), ({ commit }) => {
        if (commit) got.push([commit.previous, commit.sequence]);
      });
      slow.bus.subscribe(subjects.user(carol), () => {});
      let told = 0;
      slow.bus.onReconnect(() => told++);
      await slow.bus.flush();
      await log.append(alice, 'a1', bytesOf('1'));
      await until('the first is re-published', () => got.length === 1);
      await log.append(bob, 'b', bytesOf('of another'));
      await world.overload(slow.bus, subjects.user(carol), async () => {
        await log.append(alice, 'a2', bytesOf('lost'));
      });
      await until('it is told', () => told > 0);
      await slow.bus.flush();
      await log.append(alice, 'a3', bytesOf('3'));
      await until('the next one comes', () => got.at(-1)?.[1] === 4);
      assert.deepEqual(got, [
        [0, 1],
        [3, 4],
      ]);
    });

    it('reads from any sequence, in portions, and waits for what is not there yet', async (t) => {
      const { log } = await (await enter(t)).open();
      await Promise.all(upTo(25).map((i) => log.append(alice, `id-${i}`, bytesOf(`${i}`))));
      const reader = await log.read(0, 11);
      const portions: number[][] = [];
      while (portions.flat().length < 15) portions.push(sequencesOf(await reader.next(4, 1_000)));
      assert.deepEqual(portions.flat(), upTo(25, 11));
      assert.ok(portions.every(({ length }) => length <= 4));
      const startedMs = Date.now();
      assert.deepEqual(await reader.next(10, 60), []);
      assert.ok(Date.now() - startedMs >= 50);
      const waiting = reader.next(10, 10_000);
      await log.append(alice, 'late', bytesOf('late'));
      assert.deepEqual(sequencesOf(await waiting), [26]);
      // Nobody's reading touches another one's.
      assert.deepEqual(sequencesOf(await readAll(log, 0, 1, 26)), upTo(26));
      await reader.close();
      await reader.close();
      assert.deepEqual(await reader.next(10, 10), []);
    });

    it('reads an empty stream, and one from behind its end', async (t) => {
      const { log } = await (await enter(t)).open();
      const empty = await log.info(0);
      assert.deepEqual([empty.first, empty.last], [1, 0]);
      const reader = await log.read(0, 1);
      const waiting = reader.next(10, 10_000);
      await log.append(alice, 'one', bytesOf('1'));
      assert.deepEqual(sequencesOf(await waiting), [1]);
      await reader.close();
      const later = await log.read(0, 2);
      assert.deepEqual(await later.next(10, 100), []);
      await log.append(alice, 'two', bytesOf('2'));
      assert.deepEqual(sequencesOf(await later.next(10, 10_000)), [2]);
      await later.close();
    });

    it('gives many entries and large ones to a reader that came late', async (t) => {
      const { log } = await (await enter(t)).open();
      const large = new Uint8Array(200_000).fill(65);
      const total = 4_000;
      for (let i = 0; i < total; i += 500) {
        await Promise.all(
          upTo(i + 499, i).map((n) => log.append(alice, `id-${n}`, n % 100 === 0 ? large : bytesOf(`${n}`))),
        );
      }
      const read = await readAll(log, 0, 1, total);
      assert.deepEqual(sequencesOf(read), upTo(total));
      assert.equal(new Set(read.map(({ id }) => id)).size, total);
    });

    it('trims what is old, and never what is in the duplicate window', async (t) => {
      const { bus, log } = await (await enter(t)).open({ duplicateWindowMs: 1_000 });
      const got = collect(bus, subjects.user(alice));
      await bus.flush();
      await Promise.all(upTo(10).map((i) => log.append(i <= 5 ? alice : bob, `old-${i}`, bytesOf(`${i}`))));
      await log.trim(0, 8);
      assert.equal((await log.info(0)).first, 1, 'all is in the window');
      await until('trimmed', async () => {
        await log.trim(0, 8);
        return (await log.info(0)).first === 8;
      });
      await log.trim(0, 3);
      assert.deepEqual(sequencesOf(await readAll(log, 0, 1, 10)), [8, 9, 10]);
      // The entry before it is gone: that is no gap.
      const { sequence } = await log.append(alice, 'new', bytesOf('new'));
      assert.equal(sequence, 11);
      await until('it is re-published', () => got.at(-1)?.sequence === 11);
      assert.equal(got.at(-1)?.previous, 0);
      await until('all can go', async () => {
        await log.trim(0, 100);
        return (await log.info(0)).first === 12;
      });
      assert.deepEqual((await log.info(0)).last, 11);
    });

    it('goes on after a restart where it was: sequences, ids, the time it was made', async (t) => {
      const world = await enter(t);
      const { log } = await world.open({ duplicateWindowMs: 60_000 });
      await Promise.all(upTo(20).map((i) => log.append(alice, `id-${i}`, bytesOf(`${i}`))));
      for (const i of upTo(20)) log.archived(0, i);
      await log.trim(0, 15);
      const before = await log.info(0);
      await world.restart();
      const again = await world.open({ duplicateWindowMs: 60_000 });
      const after = await again.log.info(0);
      assert.deepEqual([after.createdAtMs, after.last], [before.createdAtMs, 20]);
      // The ids of the whole window are known: a client that sends again after the crash stores nothing twice.
      for (const i of [1, 14, 15, 20]) {
        const { duplicate } = await again.log.append(alice, `id-${i}`, bytesOf(`${i}`));
        assert.equal(duplicate, true, `id-${i}`);
      }
      assert.deepEqual(await again.log.append(alice, 'new', bytesOf('new')), {
        stream: 0,
        sequence: 21,
        duplicate: false,
      });
      assert.deepEqual(sequencesOf(await readAll(again.log, 0, 21, 21)), [21]);
    });

    it('goes on after a trim of everything and a restart, without using a sequence twice', async (t) => {
      const world = await enter(t);
      const { log } = await world.open({ duplicateWindowMs: 200 });
      await Promise.all(upTo(5).map((i) => log.append(alice, `id-${i}`, bytesOf(`${i}`))));
      log.archived(0, 5);
      await until('trimmed', async () => {
        await log.trim(0, 6);
        return (await log.info(0)).first === 6;
      });
      await world.restart();
      const again = await world.open({ duplicateWindowMs: 200 });
      assert.deepEqual(await again.log.info(0).then(({ first, last }) => [first, last]), [6, 5]);
      assert.equal((await again.log.append(alice, 'new', bytesOf('new'))).sequence, 6);
      assert.deepEqual(sequencesOf(await readAll(again.log, 0, 1, 6)), [6]);
    });

    it('tells a reader that its stream was made anew', async (t) => {
      const world = await enter(t);
      const process = await world.open();
      const { log } = process;
      await Promise.all(upTo(5).map((i) => log.append(alice, `id-${i}`, bytesOf(`${i}`))));
      const before = await log.info(0);
      const reader = await log.read(0, 1);
      assert.equal((await readUpTo(reader, 5)).length, 5);
      await world.recreate(process, 0);
      await assert.rejects(
        until('the reader ends', async () => {
          await reader.next(10, 100);
          return false;
        }),
        StreamRecreatedError,
      );
      await reader.close();
      const after = await log.info(0);
      assert.notEqual(after.createdAtMs, before.createdAtMs);
      assert.deepEqual(await log.append(alice, 'id-1', bytesOf('anew')), { stream: 0, sequence: 1, duplicate: false });
      assert.equal(textOf((await readAll(log, 0, 1, 1))[0]?.data ?? bytesOf('')), 'anew');
      // The other streams are what they were.
      assert.equal((await log.append(other, 'x', bytesOf('x'))).sequence, 1);
    });

    it('refuses what does not fit any more, drops nothing, and goes on when there is room', async (t) => {
      const world = await enter(t);
      const { log } = await world.open({ bytesMax: 8 * 1024 * 1024, duplicateWindowMs: 200 });
      const letGo = world.givesWay ? await world.hold?.() : undefined;
      const large = new Uint8Array(500_000).fill(65);
      const refused: unknown[] = [];
      const appends = upTo(24).map((i) => log.append(alice, `id-${i}`, large).catch((error) => refused.push(error)));
      await until('it is full', () => refused.length > 0);
      await letGo?.();
      await Promise.all(appends);
      const stored = 24 - refused.length;
      assert.ok(stored >= 12 && stored <= 17, `${stored} stored`);
      assert.ok(refused.every((error) => error instanceof LogFullError));
      assert.equal((await readAll(log, 0, 1, stored)).length, stored, 'the oldest is still there');
      if (!world.givesWay) await assert.rejects(log.append(alice, 'more', large), LogFullError);
      assert.equal((await log.append(other, 'elsewhere', large)).sequence, 1);
      await until('there is room', async () => {
        await log.trim(0, 5);
        return (await log.info(0)).first === 5;
      });
      assert.equal((await log.append(alice, 'more', large)).sequence, stored + 1);
    });

    itMayWait('bounds what is pending, and says when to stop reading and when to go on', async (t) => {
      const world = await enter(t);
      assert.ok(world.hold);
      const { log } = await world.open({ pendingMax: 16, appendTimeoutMs: 20_000 });
      assert.equal(log.congested, false);
      const letGo = await world.hold();
      const pending = upTo(16).map((i) => log.append(alice, `id-${i}`, bytesOf(`${i}`)));
      assert.equal(log.congested, true);
      await assert.rejects(log.append(alice, 'one-too-many', bytesOf('x')), LogBusyError);
      let drained = 0;
      log.onDrained(() => drained++);
      assert.equal(drained, 0);
      await letGo();
      await Promise.all(pending);
      assert.equal(drained, 1);
      assert.equal(log.congested, false);
      const read = await readAll(log, 0, 1, 16);
      assert.deepEqual(new Set(read.map(({ id }) => id)), new Set(upTo(16).map((i) => `id-${i}`)));
    });

    itMayWait('gives up after its time, and the same entry may be sent again', async (t) => {
      const world = await enter(t);
      assert.ok(world.hold);
      const { log } = await world.open({ appendTimeoutMs: 1_000 });
      const letGo = await world.hold();
      await assert.rejects(log.append(alice, 'unsure', bytesOf('unsure')), LogUnavailableError);
      await letGo();
      await until('it is there again', () =>
        log.append(alice, 'unsure', bytesOf('unsure')).then(
          () => true,
          () => false,
        ),
      );
      await log.append(alice, 'end', bytesOf('end'));
      const read = await readAll(log, 0, 1, 2);
      assert.deepEqual(
        read.map(({ id }) => id),
        ['unsure', 'end'],
      );
    });

    itMayWait('rejects what is pending when it is closed, and everything afterwards', async (t) => {
      const world = await enter(t);
      assert.ok(world.hold);
      const { log } = await world.open();
      const letGo = await world.hold();
      const pending = assert.rejects(log.append(alice, 'pending', bytesOf('x')), LogUnavailableError);
      await log.close();
      await pending;
      await assert.rejects(log.append(alice, 'late', bytesOf('x')), LogUnavailableError);
      await log.close();
      await letGo();
    });
  });
}
