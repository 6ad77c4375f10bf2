import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { entryId, partitionOf, streamName, streamOf, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import {
  findNatsServer,
  findNatsServers,
  type NatsBinary,
  type NatsServer,
  startNatsCluster,
} from '@starling/local-servers/nats-server';
import { LOG_OPTIONS, NatsWorld } from './conformance/nats-world.ts';
import { bytesOf, until, usersOf } from './conformance/tools.ts';
import { Traffic } from './conformance/traffic.ts';
import { JetStreamLog } from './jetstream-log.ts';
import { LogConfigError } from './log.ts';
import { NatsBus } from './nats-bus.ts';
import { NatsLink } from './nats-link.ts';

const users = usersOf(0, LOG_OPTIONS.streams, 32);
const [alice] = users as [BareJid];

for (const binary of [findNatsServers()[0], findNatsServers().at(-1)].filter((b) => b !== undefined)) {
  describe(`a single nats-server ${binary.version.join('.')} that dies`, () => {
    it('pending appends finish, readers go on, subscriptions are back', async (t) => {
      const world = await NatsWorld.start(binary);
      t.after(() => world.close());
      const bus = await world.open();
      const log = await JetStreamLog.open(bus.link, LOG_OPTIONS);
      let reconnects = 0;
      bus.onReconnect(() => reconnects++);
      let live = 0;
      bus.subscribe(subjects.user(alice), () => live++);
      const traffic = new Traffic(log, users);
      await traffic.start(0);
      for (let round = 1; round <= 2; round++) {
        const before = traffic.acknowledged;
        await until('it flows', () => traffic.acknowledged > before + 500);
        await world.server.kill();
        await world.server.restart();
        await until('it is told', () => reconnects >= round);
        const liveBefore = live;
        await until('live delivery is back', () => live > liveBefore);
      }
      const { acknowledged, unsure, slowestMs } = await traffic.stopAndCheck(0);
      t.diagnostic(`${acknowledged} acknowledged, ${unsure} unsure, slowest ${slowestMs} ms`);
      assert.equal(unsure, 0);
      await log.close();
    });
  });

  describe(`the streams of nats-server ${binary.version.join('.')}`, () => {
    const enter = async (t: TestContext) => {
      const world = await NatsWorld.start(binary);
      t.after(() => world.close());
      return world.open();
    };

    it('refuse another number of streams, larger or smaller', async (t) => {
      const { link } = await enter(t);
      await JetStreamLog.open(link, { ...LOG_OPTIONS, streams: 4 });
      await assert.rejects(JetStreamLog.open(link, { ...LOG_OPTIONS, streams: 8 }), LogConfigError);
      await assert.rejects(JetStreamLog.open(link, { ...LOG_OPTIONS, streams: 2 }), LogConfigError);
      await JetStreamLog.open(link, { ...LOG_OPTIONS, streams: 4 });
    });

    it('take new limits from who manages them, and keep their entries', async (t) => {
      const { link } = await enter(t);
      const log = await JetStreamLog.open(link, LOG_OPTIONS);
      await log.append(alice, 'id', bytesOf('x'));
      await JetStreamLog.open(link, { ...LOG_OPTIONS, bytesMax: 10_000_000, manage: false });
      const manager = await jetstreamManager(link.connection);
      assert.equal((await manager.streams.info('M0')).config.max_bytes, LOG_OPTIONS.bytesMax);
      await JetStreamLog.open(link, { ...LOG_OPTIONS, bytesMax: 10_000_000 });
      const { config, state } = await manager.streams.info('M0');
      assert.deepEqual(
        [config.max_bytes, config.discard, config.storage, state.messages],
        [10_000_000, 'new', 'file', 1],
      );
    });

    it('are made anew when the server has lost its store, and take what was refused meanwhile', async (t) => {
      const world = await NatsWorld.start(binary);
      t.after(() => world.close());
      const [managing, other] = [await world.open(), await world.open()];
      const keeper = await JetStreamLog.open(managing.link, LOG_OPTIONS);
      const log = await JetStreamLog.open(other.link, { ...LOG_OPTIONS, manage: false });
      for (const id of ['a', 'b']) await log.append(alice, id, bytesOf(id));
      const stream = streamOf(partitionOf(alice), LOG_OPTIONS.streams);
      const before = await log.info(stream);
      await world.server.kill();
      world.server.loseStore();
      const appended = log.append(alice, 'c', bytesOf('c'));
      await world.server.restart();
      assert.equal((await appended).sequence, 1);
      const after = await log.info(stream);
      assert.ok(after.createdAtMs > before.createdAtMs);
      assert.deepEqual([before.last, after.last], [2, 1]);
      await Promise.all([keeper.close(), log.close()]);
    });

    it('know the ids of what a trim has left after a restart: nothing is doubled, and no other entry refused', async (t) => {
      const world = await NatsWorld.start(binary);
      t.after(() => world.close());
      const { link } = await world.open();
      const windowMs = 4_000;
      const log = await JetStreamLog.open(link, { ...LOG_OPTIONS, duplicateWindowMs: windowMs });
      // One origin-id and one body: to each other, and both to a third, all on one stream.
      const said = (sender: BareJid, owner: BareJid, key: string) => {
        const payload = bytesOf(`<body>ay me</body><origin-id id='${key}'/>`);
        return log.append(owner, entryId({ sender, owner, key, payload }), bytesOf(`${sender} ${owner} ${key}`));
      };
      const [bob, carol] = users.slice(1) as [BareJid, BareJid];
      const pairs = [
        [alice, bob],
        [bob, alice],
        [alice, carol],
        [bob, carol],
      ] as const;
      const sayAll = (key: string) =>
        Promise.all(
          pairs.flatMap(([from, to]) =>
            to === carol ? [said(from, to, key)] : [said(from, to, key), said(from, from, key)],
          ),
        );
      const old = await sayAll('old');
      assert.deepEqual([old.length, old.some(({ duplicate }) => duplicate)], [6, false]);
      const stream = streamOf(partitionOf(alice), LOG_OPTIONS.streams);
      const waitedMs = windowMs * 1.1 + 500;
      await new Promise((resolve) => setTimeout(resolve, waitedMs));
      const first = await sayAll('new');
      assert.equal(
        first.some(({ duplicate }) => duplicate),
        false,
      );
      await log.trim(stream, Number.MAX_SAFE_INTEGER);
      assert.deepEqual(await log.info(stream).then(({ first: from, last }) => [from, last]), [7, 12]);
      await world.server.kill();
      await world.server.restart();
      const again = await sayAll('new');
      assert.deepEqual(
        again,
        first.map((appended) => ({ ...appended, duplicate: true })),
      );
      assert.equal((await log.info(stream)).last, 12);
      await log.close();
    });

    it('are waited for by who does not manage them, and made once by several who do', async (t) => {
      const { link } = await enter(t);
      const waiting = JetStreamLog.open(link, { ...LOG_OPTIONS, manage: false });
      await Promise.all([1, 2, 3].map(() => JetStreamLog.open(link, LOG_OPTIONS)));
      assert.equal((await (await waiting).info(1)).last, 0);
    });
  });
}

describe('a nats-server that hangs', () => {
  it('is given up after two pings without an answer, and taken back', async (t) => {
    const world = await NatsWorld.start(findNatsServers()[0] as NatsBinary);
    t.after(() => world.close());
    const bus = await world.open();
    let reconnects = 0;
    bus.onReconnect(() => reconnects++);
    const log = await JetStreamLog.open(bus.link, { ...LOG_OPTIONS, appendTimeoutMs: 30_000 });
    const traffic = new Traffic(log, users);
    await traffic.start(0);
    await until('it flows', () => traffic.acknowledged > 500);
    world.server.pause();
    const timer = setTimeout(() => world.server.resume(), 10_000);
    await until('it is given up and another connection made', () => reconnects > 0);
    clearTimeout(timer);
    const before = traffic.acknowledged;
    await until('it flows again', () => traffic.acknowledged > before + 500);
    assert.equal((await traffic.stopAndCheck(0)).unsure, 0);
    await log.close();
  });
});

describe('replicas', () => {
  const old = findNatsServers().find(({ version }) => version[0] === 2 && version[1] < 11);
  it('are refused on a server older than 2.11', { skip: old === undefined }, async (t) => {
    if (old === undefined) return;
    const world = await NatsWorld.start(old);
    t.after(() => world.close());
    const { link } = await world.open();
    await assert.rejects(JetStreamLog.open(link, { ...LOG_OPTIONS, replicas: 3 }), /3 replica\(s\) need 2.11/);
  });
});

const replicating = findNatsServer([2, 11]);
describe('a cluster of three', { skip: replicating === undefined }, () => {
  const enter = async (t: TestContext) => {
    const servers = await startNatsCluster(3);
    const link = await NatsLink.open({ servers: servers.map(({ url }) => url) });
    t.after(async () => {
      await link.close();
      await Promise.all(servers.map((server) => server.remove()));
    });
    const bus = new NatsBus(link, 64);
    const log = await JetStreamLog.open(link, { ...LOG_OPTIONS, replicas: 3, appendTimeoutMs: 20_000 });
    return { servers, bus, log };
  };
  const leaderOf = async (bus: NatsBus, servers: readonly NatsServer[]): Promise<NatsServer> => {
    let leader: NatsServer | undefined;
    await until('the stream has a leader', async () => {
      const manager = await jetstreamManager(bus.link.connection, { checkAPI: false });
      const info = await manager.streams.info(streamName(0)).catch(() => undefined);
      leader = servers.find(({ name, pid }) => name === info?.cluster?.leader && pid !== undefined);
      return leader !== undefined;
    });
    return leader as NatsServer;
  };

  it('loses its leader, twice, and no acknowledged entry', async (t) => {
    const { servers, bus, log } = await enter(t);
    const traffic = new Traffic(log, users);
    await traffic.start(0);
    for (let round = 0; round < 2; round++) {
      const before = traffic.acknowledged;
      await until('it flows', () => traffic.acknowledged > before + 500);
      const leader = await leaderOf(bus, servers);
      await leader.kill();
      const atDeath = traffic.acknowledged;
      await until('it flows without it', () => traffic.acknowledged > atDeath + 500);
      await leader.restart(3);
    }
    const { acknowledged, unsure, slowestMs } = await traffic.stopAndCheck(0);
    t.diagnostic(`${acknowledged} acknowledged, ${unsure} unsure, slowest ${slowestMs} ms`);
    assert.equal(unsure, 0);
    await log.close();
  });

  it('elects another leader in peace, without an error and without a loss', async (t) => {
    const { bus, log } = await enter(t);
    const traffic = new Traffic(log, users);
    await traffic.start(0);
    for (let round = 0; round < 3; round++) {
      const before = traffic.acknowledged;
      await until('it flows', () => traffic.acknowledged > before + 300);
      await bus.request(`$JS.API.STREAM.LEADER.STEPDOWN.${streamName(0)}`, bytesOf(''), 5_000);
    }
    const before = traffic.acknowledged;
    await until('it flows', () => traffic.acknowledged > before + 300);
    assert.equal((await traffic.stopAndCheck(0)).unsure, 0);
    await log.close();
  });
});
