import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { call, MemoryLog, MemoryRecords, RpcError } from '@starling/bus';
import {
  type ArchivedEntry,
  COPY,
  type Digest,
  decodeDigest,
  decodeEnvelope,
  FATE,
  KIND,
  archive as methods,
  type Position,
  subjects,
  unpackPosition,
} from '@starling/contracts';
import { isBlocked } from '@starling/features/xep-0191-blocking/is-blocked';
import type { BareJid, Jid } from '@starling/jid';
import type { Archive } from './archive.ts';
import {
  append,
  block,
  create,
  type EntryOptions,
  listen,
  remove,
  streamOfUser,
  until,
  userOn,
} from './testing/entries.ts';
import { ClusterWorld, MemoryWorld, type Servers, STREAMS, startServers, type World } from './testing/world.ts';

const TIMEOUT_MS = 5_000;
const NOWHERE: Position = { epoch: 0, sequence: 0 };
const idOf = ({ envelope }: ArchivedEntry) => decodeEnvelope(envelope).id;
const isMessage = ({ envelope }: ArchivedEntry) => decodeEnvelope(envelope).kind === KIND.message;
/** Without the class that protobufjs gives it. */
const plain = (position: Position | undefined): Position => ({ epoch: 0, sequence: 0, ...position });
const isAway = (error: unknown) => error instanceof RpcError && error.condition === 'resource-constraint';

let servers: Servers;
before(async () => {
  servers = await startServers();
});
after(() => servers.stop());

for (const WorldClass of [MemoryWorld, ClusterWorld]) {
  describe(`archive in a ${WorldClass.name}`, { timeout: 120_000 }, () => {
    let world: World;
    const archives: Archive[] = [];
    const alice = userOn(0, 'alice');
    const bob = userOn(1, 'bob');

    beforeEach(async () => {
      world = await WorldClass.open(servers);
    });
    afterEach(async () => {
      world.db.fault = 'none';
      await Promise.all(archives.splice(0).map((archive) => archive.stop()));
      await world.close();
    });
    const start = async (options?: Parameters<World['start']>[0]) => {
      const archive = await world.start(options);
      archives.push(archive);
      return archive;
    };
    const gap = (user: BareJid, after: Position, upTo?: Position, limit = 0) =>
      call(world.bus, methods.gap(streamOfUser(user)), { user, after, upTo, limit }, TIMEOUT_MS);
    const last = (user: BareJid, position = NOWHERE) =>
      call(world.bus, methods.last(streamOfUser(user)), { known: [{ user, position }] }, TIMEOUT_MS);
    const rows = async (user: BareJid) =>
      (
        await world
          .openDb()
          .query<{ position: bigint; entry_id: string }>(
            'select position, entry_id from archive where owner = $1 order by position',
            [user],
          )
      ).map((row) => ({ position: unpackPosition(row.position), id: row.entry_id }));
    /** What the database knows of a stream: that it was another one, which had gone on further. */
    const madeEarlier = (stream: number, further = 0) =>
      world
        .openDb()
        .query(
          'update archive_stream set created_at_ms = created_at_ms - 1000, position = position + $2 where stream = $1',
          [stream, further],
        );
    const written = (user: BareJid, count: number) =>
      until(`${count} rows of ${user}`, async () => (await rows(user)).length === count);

    it('writes each message once, in the order of the log, and reads it back', async () => {
      await start();
      await create(world.log, alice);
      await create(world.log, bob);
      const ids = Array.from({ length: 500 }, (_, i) => `m${i}`);
      await Promise.all(ids.map((id) => append(world.log, alice, { id })));
      await append(world.log, bob, { id: 'other', fate: FATE.passing, copy: COPY.sent });
      await append(world.log, alice, { id: 'm0' });
      await written(alice, 500);
      await written(bob, 1);
      assert.deepEqual(
        (await rows(alice)).map((row) => row.id),
        ids,
      );
      const { epoch, last: ends } = await last(alice);
      assert.equal(epoch, 1);
      const end = plain(ends[0]?.position);
      assert.deepEqual(end, (await rows(alice)).at(-1)?.position);
      assert.deepEqual((await last(alice, end)).last, []);
      const read: string[] = [];
      let after: Position = NOWHERE;
      for (let complete = false; !complete; ) {
        const page = await gap(alice, after, end, 64);
        read.push(...page.entries.map(idOf));
        after = page.entries.at(-1)?.position ?? after;
        complete = page.complete;
      }
      assert.deepEqual(read, ids);
    });

    it('goes on from the watermark after a stop in the middle: nothing lost, nothing twice', async () => {
      const first = await start();
      await create(world.log, alice);
      const ids = Array.from({ length: 300 }, (_, i) => `n${i}`);
      const appends = ids.map((id) => append(world.log, alice, { id }));
      await until('some are written', async () => (await rows(alice)).length > 0);
      await first.stop();
      await start();
      await Promise.all(appends);
      await written(alice, 300);
      assert.deepEqual(
        (await rows(alice)).map((row) => row.id),
        ids,
      );
    });

    it('bears two writers at once, and answers that are lost', async () => {
      const [one, two] = [world.openDb(), world.openDb()];
      // Each has a group of its own, so both believe that they have all streams.
      const alone = () => ({ records: new MemoryRecords(4_096) });
      await start({ db: one, ...alone() });
      await create(world.log, alice);
      one.fault = 'mute';
      await start({ db: two, ...alone() });
      const ids = Array.from({ length: 400 }, (_, i) => `w${i}`);
      const appends = ids.map(async (id, i) => {
        await new Promise((resolve) => setTimeout(resolve, i));
        return append(world.log, alice, { id });
      });
      setTimeout(() => {
        one.fault = 'none';
      }, 150);
      await Promise.all(appends);
      await written(alice, 400);
      assert.deepEqual((await rows(alice)).map((row) => row.id).sort(), ids.sort());
      const positions = (await rows(alice)).map((row) => row.position.sequence);
      assert.deepEqual(positions, [...new Set(positions)]);
    });

    it('opens the next epoch when the stream was made anew, and reads across both', async () => {
      await start();
      await create(world.log, alice);
      await append(world.log, alice, { id: 'before' });
      await written(alice, 1);
      await world.recreate(streamOfUser(alice));
      await until('the next epoch', async () => (await last(alice).catch(() => undefined))?.epoch === 2);
      await append(world.log, alice, { id: 'after' });
      await written(alice, 2);
      assert.deepEqual(
        (await rows(alice)).map((row) => [row.id, row.position.epoch]),
        [
          ['before', 1],
          ['after', 2],
        ],
      );
      const { entries, complete } = await gap(alice, NOWHERE);
      assert.deepEqual([entries.map(idOf), complete], [['before', 'after'], true]);
      assert.deepEqual((await gap(alice, { epoch: 1, sequence: 999 })).entries.map(idOf), ['after']);
    });

    it('never tells of news of the old stream in the epoch of the new one', async () => {
      await start();
      await create(world.log, alice);
      for (let n = 0; n < 20; n++) await append(world.log, alice, { id: `before-${n}` });
      // An archive that has never seen the old stream would open no epoch after it.
      await written(alice, 20);
      const news: Digest[] = [];
      world.bus.subscribe(subjects.digest(streamOfUser(alice)), ({ data }) => void news.push(decodeDigest(data)));
      await world.bus.flush();
      await append(world.log, alice, { id: 'last' });
      await world.recreate(streamOfUser(alice));
      await until('the next epoch', () => news.some(({ epoch }) => epoch === 2));
      await append(world.log, alice, { id: 'after' });
      const isTold = () => news.some(({ last: told }) => told.some(({ position }) => position?.epoch === 2));
      await until('its news', isTold);
      const told = news.flatMap(({ last: all }) => all.map(({ position }) => plain(position)));
      assert.deepEqual(
        told.filter((position) => position.epoch === 2),
        [{ epoch: 2, sequence: 1 }],
      );
    });

    it('knows a stream that was restored from a backup, though it is told to be made at another time', async () => {
      const first = await start();
      await create(world.log, alice);
      for (const id of ['r1', 'r2', 'r3']) await append(world.log, alice, { id });
      await written(alice, 3);
      await first.stop();
      await madeEarlier(streamOfUser(alice));
      const second = await start();
      await append(world.log, alice, { id: 'r4' });
      await written(alice, 4);
      // The backup of the log is older: what the rows have besides is not given out again.
      await second.stop();
      await madeEarlier(streamOfUser(alice), 10);
      await start();
      await append(world.log, alice, { id: 'r5' });
      await written(alice, 5);
      assert.deepEqual(
        (await rows(alice)).map((row) => [row.id, row.position.epoch]),
        [
          ['r1', 1],
          ['r2', 1],
          ['r3', 1],
          ['r4', 1],
          ['r5', 2],
        ],
      );
    });

    it('says once an interval who has news, numbered, also when there is none', async () => {
      await start();
      await create(world.log, alice);
      const digests: Digest[] = [];
      world.bus.subscribe(subjects.digest(streamOfUser(alice)), ({ data }) => digests.push(decodeDigest(data)));
      await until('digests', () => digests.length >= 2);
      const sequence = await append(world.log, alice);
      await until('more digests', () => digests.some((d) => d.last.length > 0));
      const atLast = digests.length;
      await until('more digests', () => digests.length >= atLast + 2);
      const counters = digests.map((d) => d.counter);
      assert.deepEqual(
        counters,
        counters.map((_, i) => (counters[0] ?? 0) + i),
      );
      const news = digests.flatMap((d) => d.last).map(({ user, position }) => [user, { ...position }]);
      assert.deepEqual(news, [[alice, { epoch: 1, sequence }]]);
      assert.equal(new Set(digests.map((d) => d.publisher)).size, 1);
    });

    it('is the gatekeeper: no account, no row, one error to the sender', async () => {
      const sender = userOn(1, 'sender');
      await start();
      const heard = listen(world.bus, sender);
      const from = `${sender}/phone`;
      await append(world.log, alice, { from, id: 'early' });
      await append(world.log, alice, { from, id: 'error', type: 'error' });
      await append(world.log, alice, { from, id: 'own', copy: COPY.sent });
      await create(world.log, alice);
      await append(world.log, alice, { from, id: 'known' });
      await written(alice, 1);
      assert.deepEqual(
        (await rows(alice)).map((row) => row.id),
        ['known'],
      );
      await remove(world.log, alice);
      await append(world.log, alice, { from, id: 'late' });
      await until('two errors', () => heard.length === 2);
      assert.deepEqual(await rows(alice), []);
      await create(world.log, alice);
      await append(world.log, alice, { from, id: 'again' });
      await written(alice, 1);
      assert.deepEqual((await gap(alice, NOWHERE)).entries.filter(isMessage).map(idOf), ['again']);
      assert.deepEqual(
        heard.map((e) => [e.type, e.to, e.from, / id=["'](\w+)["']/.exec(Buffer.from(e.stanza).toString())?.[1]]),
        [
          ['error', from, alice, 'early'],
          ['error', from, alice, 'late'],
        ],
      );
      assert.match(
        Buffer.from(heard[0]?.stanza ?? []).toString(),
        /<error type=["']cancel["']><service-unavailable xmlns=["']urn:ietf:params:xml:ns:xmpp-stanzas["']\/>/,
      );
    });

    it('XEP-0191 what a blocked one sends is no row and is answered once, as the log has it', async () => {
      const sender = userOn(1, 'sender');
      await start();
      const heard = listen(world.bus, sender);
      const from = `${sender}/phone`;
      const send = (id: string, options: EntryOptions = {}) => append(world.log, alice, { from, id, ...options });
      await create(world.log, alice);
      await Promise.all([
        send('before'),
        block(world.log, alice, 1, sender),
        send('blocked'),
        send('blocked-too', { fate: FATE.passing }),
        send('error', { type: 'error' }),
        send('own', { copy: COPY.sent, from: `${alice}/laptop` }),
        send('other', { from: 'nurse@example.com/home' }),
        block(world.log, alice, 2),
        send('after'),
      ]);
      await until('the last row', async () => (await rows(alice)).some((row) => row.id === 'after'));
      assert.deepEqual(
        (await rows(alice)).map((row) => row.id),
        ['before', 'own', 'other', 'after'],
      );
      await until('two errors', () => heard.length === 2);
      assert.deepEqual(
        heard.map((e) => [e.type, e.to, e.from, / id=["']([\w-]+)["']/.exec(Buffer.from(e.stanza).toString())?.[1]]),
        [
          ['error', from, alice, 'blocked'],
          ['error', from, alice, 'blocked-too'],
        ],
      );
    });

    it('XEP-0191 §5 the database blocks whom the rule does', async () => {
      await start();
      await create(world.log, alice);
      const [name] = alice.split('@');
      const addresses = ['a@b/c', 'a@b/d', 'a@b', 'b@b', 'b', 'b/c', 'a@b.c', `${name}@example.com/x`, 'example.com'];
      let version = 0;
      const expected: string[] = [];
      for (const item of [...addresses, alice]) {
        await block(world.log, alice, ++version, item, 'unrelated@x');
        for (const from of addresses) {
          const id = `${item}-${from}`;
          await append(world.log, alice, { from, id });
          if (!isBlocked(new Set([item]), from as Jid, alice)) expected.push(id);
        }
      }
      await block(world.log, alice, ++version);
      await append(world.log, alice, { id: 'end' });
      await until('the end', async () => (await rows(alice)).some((row) => row.id === 'end'));
      assert.deepEqual(
        (await rows(alice)).map((row) => row.id),
        [...expected, 'end'],
      );
    });

    it('XEP-0191 who has missed a change reads it in its place; the newest is enough', async () => {
      await start();
      await create(world.log, alice);
      const first = await append(world.log, alice, { id: 'first' });
      await block(world.log, alice, 1, 'a@x');
      await append(world.log, alice, { id: 'between' });
      const second = await block(world.log, alice, 2, 'a@x', 'b@x');
      await written(alice, 2);
      await until('the list is written', async () => plain((await last(alice)).last[0]?.position).sequence === second);
      const { epoch } = await last(alice);
      const read = async () => (await gap(alice, { epoch, sequence: first })).entries.map(idOf).join();
      // What is not written yet, or was lately, is read as it is: then the older one is there, too.
      assert.match(await read(), /^(blocks-1,)?between,blocks-2$/);
      await remove(world.log, alice);
      const isLeft = async () =>
        (await gap(alice, NOWHERE)).entries.some(
          ({ envelope }) => decodeEnvelope(envelope).kind !== KIND.accountDeleted,
        );
      await until('nothing is left', async () => !(await isLeft()));
    });

    it('who has missed that an account was removed learns it in its place, of each, whatever became of the name', async () => {
      await start();
      const told: Position[] = [];
      world.bus.subscribe(subjects.digest(streamOfUser(alice)), ({ data }) => {
        for (const { user, position } of decodeDigest(data).last) if (user === alice) told.push(plain(position));
      });
      await create(world.log, alice);
      const first = await append(world.log, alice, { id: 'first' });
      const ends = [await remove(world.log, alice)];
      await until('the digest tells it', () => told.some(({ sequence }) => sequence === ends[0]));
      assert.deepEqual(
        (await last(alice)).last.map(({ position }) => plain(position)),
        [{ epoch: 1, sequence: ends[0] }],
      );
      await create(world.log, alice);
      ends.push(await remove(world.log, alice));
      await create(world.log, alice);
      // From here on not everything is written yet when it is read.
      const second = await append(world.log, alice, { id: 'second' });
      const read = async (after: Position) =>
        (await gap(alice, after)).entries.map(({ position }) => plain(position).sequence);
      for (let i = 0; i < 20; i++) {
        assert.deepEqual(await read({ epoch: 1, sequence: first }), [...ends, second]);
        assert.deepEqual(await read({ epoch: 1, sequence: ends[0] ?? 0 }), [ends[1], second]);
        // A session of the account that there is now was bound behind them.
        assert.deepEqual(await read({ epoch: 1, sequence: ends[1] ?? 0 }), [second]);
      }
      await written(alice, 1);
      assert.deepEqual(await read({ epoch: 1, sequence: first }), [...ends, second]);
    });

    it('… also in another epoch: behind a position of the new one nothing of the old one is read', async () => {
      await start();
      await create(world.log, alice);
      for (let i = 0; i < 5; i++) await append(world.log, alice);
      const end = await remove(world.log, alice);
      const ended = { epoch: 1, sequence: end };
      await until(
        'it is written',
        async () => (await last(alice)).last.length === 1 && (await rows(alice)).length === 0,
      );
      await world.recreate(streamOfUser(alice));
      await until('the next epoch', async () => (await last(alice).catch(() => undefined))?.epoch === 2);
      const created = await create(world.log, alice);
      const bound = { epoch: 2, sequence: created };
      const again = { epoch: 2, sequence: await append(world.log, alice) };
      await written(alice, 1);
      const read = async (after: Position) => (await gap(alice, after)).entries.map(({ position }) => plain(position));
      assert.ok(end > created);
      assert.deepEqual(await read({ epoch: 1, sequence: end - 1 }), [ended, again]);
      assert.deepEqual(await read(bound), [again]);
    });

    it('who binds a session is told an end behind all that was in the stream', async () => {
      await start();
      const fresh = async () => (await call(world.bus, methods.last(0), { known: [], fresh: true }, TIMEOUT_MS)).upTo;
      await until('the epoch', async () => (await fresh().catch(() => undefined)) !== undefined);
      for (let i = 0; i < 50; i++) {
        const sequence = await create(world.log, alice);
        const upTo = plain((await fresh()) ?? undefined);
        assert.ok(upTo.epoch === 1 && upTo.sequence >= sequence, `${upTo.sequence} is before ${sequence}`);
      }
    });

    it('a list that cannot be read does not stop the log', async () => {
      await start();
      await create(world.log, alice);
      await append(world.log, alice, { kind: KIND.blocksChanged, id: 'broken', payload: Buffer.from([0xff, 0xff]) });
      await append(world.log, alice, { id: 'next' });
      await written(alice, 1);
    });
  });
}

describe('archive without its database', { timeout: 120_000 }, () => {
  let world: ClusterWorld;
  const archives: Archive[] = [];
  const alice = userOn(0, 'alice');
  beforeEach(async () => {
    world = await ClusterWorld.open(servers);
  });
  afterEach(async () => {
    world.db.fault = 'none';
    await Promise.all(archives.splice(0).map((archive) => archive.stop()));
    await world.close();
  });
  const gap = (after: Position, upTo?: Position) =>
    call(world.bus, methods.gap(0), { user: alice, after, upTo, limit: 0 }, TIMEOUT_MS);
  const count = async () =>
    Number((await world.openDb().query<{ n: number }>('select count(*)::int as n from archive'))[0]?.n);

  it('reads on, answers from its tail, and catches up when the server is back', async () => {
    archives.push(await world.start());
    await create(world.log, alice);
    const first = await append(world.log, alice, { id: 'row' });
    await until('one row', async () => (await count()) === 1);
    await world.postgres.kill();
    const at = { epoch: 1, sequence: first };
    const sequences = await Promise.all(['a', 'b', 'c'].map((id) => append(world.log, alice, { id })));
    const upTo = { epoch: 1, sequence: sequences[2] ?? 0 };
    assert.deepEqual((await gap(at, upTo)).entries.map(idOf), ['a', 'b', 'c']);
    // What was written lately needs no database.
    assert.deepEqual((await gap({ epoch: 1, sequence: 0 }, upTo)).entries.map(idOf), ['row', 'a', 'b', 'c']);
    await assert.rejects(gap(NOWHERE, upTo), isAway);
    const publishers = new Set<string>();
    world.bus.subscribe(subjects.digest(0), ({ data }) => publishers.add(decodeDigest(data).publisher));
    await assert.rejects(
      call(world.bus, methods.last(0), { known: [{ user: userOn(0, 'x'), position: NOWHERE }] }, TIMEOUT_MS),
      isAway,
    );
    await world.postgres.startAgain();
    await until('all rows', async () => (await count().catch(() => 0)) === 4);
    assert.deepEqual((await gap({ epoch: 1, sequence: 0 }, upTo)).entries.map(idOf), ['row', 'a', 'b', 'c']);
    // Whoever asked in vain asks again, because the publisher has changed.
    await until('another publisher', () => publishers.size > 1);
  });

  it('starts without it, believes the epoch of who asks, and writes everything later', async () => {
    const first = await world.start();
    await create(world.log, alice);
    const one = await append(world.log, alice, { id: 'one' });
    await until('one row', async () => (await count()) === 1);
    await first.stop();
    await append(world.log, alice, { id: 'two' });
    world.db.fault = 'away';
    archives.push(await world.start());
    const three = await append(world.log, alice, { id: 'three' });
    const entries = (await gap({ epoch: 1, sequence: one }, { epoch: 1, sequence: three })).entries;
    assert.deepEqual(entries.map(idOf), ['two', 'three']);
    world.db.fault = 'none';
    await until('all rows', async () => (await count()) === 3);
    assert.deepEqual((await gap(NOWHERE)).entries.map(idOf), ['one', 'two', 'three']);
  });

  it('with nothing to write: who could not be told is made to ask again when it is back', async () => {
    archives.push(await world.start());
    await create(world.log, alice);
    await append(world.log, alice);
    await until('one row', async () => (await count()) === 1);
    const publishers = new Set<string>();
    world.bus.subscribe(subjects.digest(0), ({ data }) => publishers.add(decodeDigest(data).publisher));
    await until('a digest', () => publishers.size === 1);
    world.db.fault = 'away';
    const known = [{ user: userOn(0, 'x'), position: NOWHERE }];
    await assert.rejects(call(world.bus, methods.last(0), { known }, TIMEOUT_MS), isAway);
    world.db.fault = 'none';
    await until('another publisher', () => publishers.size > 1);
  });

  it('stops reading at its bound and loses nothing', async () => {
    archives.push(await world.start({ env: { STARLING_ARCHIVE_TAIL_BYTES: '1MiB' } }));
    await create(world.log, alice);
    world.db.fault = 'away';
    const body = 'x'.repeat(20_000);
    for (let i = 0; i < 120; i++) await append(world.log, alice, { body });
    world.db.fault = 'none';
    await until('all rows', async () => (await count()) === 120);
  });
});

describe('several archives', { timeout: 120_000 }, () => {
  let world: ClusterWorld;
  const archives: Archive[] = [];
  const users = [userOn(0, 'alice'), userOn(1, 'bob')];
  beforeEach(async () => {
    world = await ClusterWorld.open(servers);
  });
  afterEach(async () => {
    await Promise.all(archives.splice(0).map((archive) => archive.stop()));
    await world.close();
  });
  /** A process with connections of its own. */
  const start = async (id: string, env: Record<string, string> = {}) => {
    const connection = await world.connect();
    const db = world.openDb();
    const archive = await world.start({ id, connection, db, env });
    archives.push(archive);
    const kill = async () => {
      db.fault = 'away';
      await connection.cut();
    };
    return { archive, kill };
  };
  const streamsOf = (...of: { archive: Archive }[]) => of.map(({ archive }) => [...archive.streams]);
  const ids = async () =>
    (await world.openDb().query<{ entry_id: string }>('select entry_id from archive'))
      .map((row) => row.entry_id)
      .sort();

  it('share the streams, take over those of the dead, and give a new one its share', async () => {
    const first = await start('archive-1');
    assert.deepEqual(streamsOf(first), [[0, 1]]);
    for (const user of users) await create(world.log, user);
    const second = await start('archive-2');
    await until('one stream each', () => streamsOf(first, second).every(({ length }) => length === 1));
    assert.equal(new Set(streamsOf(first, second).flat()).size, STREAMS);

    const written: string[] = [];
    const appendAll = async (name: string) => {
      for (const user of users) {
        const id = `${name}-${user}`;
        await append(world.log, user, { id });
        written.push(id);
      }
    };
    await appendAll('shared');
    await until('written', async () => (await ids()).length === written.length);

    await first.kill();
    await appendAll('meanwhile');
    await until('taken over', async () => second.archive.streams.size === STREAMS && (await ids()).length === 4);

    const third = await start('archive-3');
    await until('one stream each again', () => streamsOf(second, third).every(({ length }) => length === 1));
    await appendAll('again');
    await until('all is written', async () => (await ids()).length === written.length);
    assert.deepEqual(await ids(), written.sort());
    for (const user of users) {
      const request = { user, after: NOWHERE, upTo: undefined, limit: 0 };
      const { entries } = await call(world.bus, methods.gap(streamOfUser(user)), request, TIMEOUT_MS);
      assert.equal(entries.length, 3);
    }
  });

  it('one that leaves hands its streams over at once', async () => {
    // Not by its death, which would take longer than this test.
    const env = { STARLING_DEAD_AFTER: '60s' };
    const [first, second] = [await start('archive-1', env), await start('archive-2', env)];
    await until('one stream each', () => streamsOf(first, second).every(({ length }) => length === 1));
    await first.archive.stop();
    await until('the other has both', () => second.archive.streams.size === STREAMS);
  });
});

describe('a log in process', { timeout: 60_000 }, () => {
  it('goes on after a restart where the archive has it, and knows what it had', async () => {
    const world = await MemoryWorld.open(servers);
    const alice = userOn(0, 'alice');
    let archive = await world.start();
    await create(world.log, alice);
    const first = await append(world.log, alice, { id: 'first' });
    await archive.stop();
    await world.restartLog();
    archive = await world.start();
    assert.equal(await append(world.log, alice, { id: 'first' }), first);
    assert.equal(await append(world.log, alice, { id: 'second' }), first + 1);
    const reply = await call(
      world.bus,
      methods.gap(0),
      { user: alice, after: NOWHERE, upTo: undefined, limit: 0 },
      TIMEOUT_MS,
    );
    assert.deepEqual(
      reply.entries.map((e) => [idOf(e), e.position.epoch]),
      [
        ['first', 1],
        ['second', 1],
      ],
    );
    await archive.stop();
    await world.close();
  });

  it('of another number of streams has another database', async () => {
    const world = await MemoryWorld.open(servers);
    await (await world.start()).stop();
    await world.log.close();
    world.log = new MemoryLog(world.bus, { streams: STREAMS + 1, acknowledge: 'when-archived' });
    await assert.rejects(world.start(), { name: 'ArchiveError' });
    await world.close();
  });
});
