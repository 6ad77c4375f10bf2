import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { groups, operations, queues, ROLES, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import {
  findNatsServers,
  type NatsServer,
  startNatsCluster,
  startNatsServer,
} from '@starling/local-servers/nats-server';
import { Health, loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { busConfig } from './config.ts';
import { LOG_OPTIONS } from './conformance/nats-world.ts';
import { bytesOf, textOf, until } from './conformance/tools.ts';
import { inspectNats } from './inspect-nats.ts';
import { JetStreamLog } from './jetstream-log.ts';
import { NatsBus } from './nats-bus.ts';
import { NatsLink } from './nats-link.ts';
import { openAccountCopies, openRecords } from './open-records.ts';
import { answerReports, gatherReports } from './process-reports.ts';

const configFile = fileURLToPath(new URL('../../../infra/nats/nats.conf', import.meta.url));
const alice = 'alice@example.com' as BareJid;
const NEWEST = findNatsServers()[0];

/** An authority and one certificate of it, for 127.0.0.1. */
function makeCertificates(folder: string): { ca: string; cert: string; key: string } {
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=test authority',
    '-days',
    '2',
  );
  openssl('req', ...newKey, '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=nats');
  writeFileSync(at('extensions'), 'subjectAltName=IP:127.0.0.1,DNS:localhost');
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'extensions', '-days', '2'];
  openssl('x509', '-req', '-in', 'request.pem', '-out', 'cert.pem', ...signing);
  return { ca: at('ca.pem'), cert: at('cert.pem'), key: at('key.pem') };
}

describe('infra/nats', { skip: NEWEST === undefined }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'starling-roles-'));
  let environment: Record<string, string> = {};
  let tlsCaFile = '';
  let server: NatsServer;
  const open: NatsBus[] = [];
  const errors: string[] = [];

  before(async () => {
    const { ca, cert, key } = makeCertificates(folder);
    tlsCaFile = ca;
    environment = {
      NATS_CERT_FILE: cert,
      NATS_KEY_FILE: key,
      NATS_CA_FILE: ca,
      NATS_EDGE_PASSWORD: 'edge-secret',
      NATS_ARCHIVE_PASSWORD: 'archive-secret',
      NATS_ROSTER_PASSWORD: 'roster-secret',
      NATS_PRESENCE_PASSWORD: 'presence-secret',
      NATS_OPERATOR_PASSWORD: 'operator-secret',
    };
    server = await startNatsServer({ configFile, env: environment });
  });
  after(async () => {
    await Promise.all(open.map((bus) => bus.close()));
    await server?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const enter = async (user: string, password = `${user}-secret`, servers = [server.url]) => {
    const link = await NatsLink.open({
      servers,
      user,
      password,
      tlsCaFile,
      onEvent: (event) => {
        if (event.what === 'bus_failed') errors.push(`${user}: ${(event.error as Error).message}`);
      },
    });
    const bus = new NatsBus(link, 64);
    open.push(bus);
    return bus;
  };

  it('lets each role do its work', async () => {
    const [edge, archive, roster] = [await enter('edge'), await enter('archive'), await enter('roster')];
    const ofArchive = await JetStreamLog.open(archive.link, LOG_OPTIONS);
    const ofEdge = await JetStreamLog.open(edge.link, { ...LOG_OPTIONS, manage: false });
    const ofRoster = await JetStreamLog.open(roster.link, { ...LOG_OPTIONS, manage: false });
    const live: string[] = [];
    edge.subscribe(subjects.user(alice), ({ data }) => live.push(textOf(data)));
    await edge.flush();
    const { stream } = await ofEdge.append(alice, 'id-1', bytesOf('entry'));
    await ofRoster.append(alice, 'id-2', bytesOf('account'));
    edge.publish(subjects.user(alice), bytesOf('of an edge'));
    archive.publish(subjects.user(alice), bytesOf('of the archive'));
    await until('all is live', () => live.length === 4);

    const reader = await ofArchive.read(stream, 1);
    await until('the archive has read', async () =>
      (await reader.next(10, 100)).some(({ sequence }) => sequence === 2),
    );
    await reader.close();
    await ofArchive.trim(stream, 2);

    const digests: string[] = [];
    edge.subscribe(subjects.digest(0), ({ data }) => digests.push(textOf(data)));
    roster.subscribe(subjects.roster('keys'), ({ replyTo }) => roster.publish(replyTo, bytesOf('keys')), {
      queue: queues.roster,
    });
    archive.subscribe(subjects.archive(0, 'gap'), ({ replyTo }) => archive.publish(replyTo, bytesOf('gap')));
    edge.subscribe(subjects.edge('edge-1'), ({ replyTo }) => edge.publish(replyTo, bytesOf('kicked')));
    await Promise.all([edge.flush(), archive.flush(), roster.flush()]);
    archive.publish(subjects.digest(0), bytesOf('digest'));
    assert.equal(textOf(await edge.request(subjects.roster('keys'), bytesOf(''), 5_000)), 'keys');
    assert.equal(textOf(await archive.request(subjects.roster('keys'), bytesOf(''), 5_000)), 'keys');
    assert.equal(textOf(await edge.request(subjects.archive(0, 'gap'), bytesOf(''), 5_000)), 'gap');
    assert.equal(textOf(await edge.request(subjects.edge('edge-1'), bytesOf(''), 5_000)), 'kicked');
    await until('the digest arrives', () => digests.length === 1);
    const notices: string[] = [];
    roster.subscribe(subjects.rosterChanges, ({ data }) => notices.push(textOf(data)));
    await roster.flush();
    roster.publish(subjects.rosterChanges, bytesOf('a roster'));
    await until('another process of the role hears it', () => notices.length === 1);
    assert.deepEqual(errors, []);
    await Promise.all([ofEdge.close(), ofArchive.close(), ofRoster.close()]);
  });

  it('lets each role tell the presence nodes, and be told by them', async () => {
    const [edge, roster, presence] = [await enter('edge'), await enter('roster'), await enter('presence')];
    const heard: string[] = [];
    const note = (bus: NatsBus, subject: string) =>
      bus.subscribe(subject, ({ data, replyTo }) => {
        heard.push(`${subject} ${textOf(data)}`);
        if (replyTo !== '') bus.publish(replyTo, bytesOf('answer'));
      });
    note(presence, subjects.node('presence-1'));
    note(presence, subjects.presence('presence-1', 'bind'));
    note(presence, subjects.rosterChanges);
    note(edge, subjects.edge('edge-1'));
    note(edge, subjects.user(alice));
    note(roster, subjects.roster('contacts'));
    await Promise.all([edge.flush(), roster.flush(), presence.flush()]);
    edge.publish(subjects.node('presence-1'), bytesOf('events'));
    presence.publish(subjects.node('presence-1'), bytesOf('of its like'));
    roster.publish(subjects.rosterChanges, bytesOf('change'));
    presence.publish(subjects.edge('edge-1'), bytesOf('batch'));
    presence.publish(subjects.user(alice), bytesOf('table'));
    const asked = [
      await edge.request(subjects.presence('presence-1', 'bind'), bytesOf('who'), 5_000),
      await presence.request(subjects.roster('contacts'), bytesOf('who'), 5_000),
    ];
    assert.deepEqual(asked.map(textOf), ['answer', 'answer']);
    await until('all is heard', () => heard.length === 7);
    assert.deepEqual(errors, []);
  });

  it('lets every role be in a group: records and heartbeats', async () => {
    const buses = await Promise.all(['archive', 'edge', 'roster', 'presence'].map((user) => enter(user)));
    const key = subjects.membership(groups.presence);
    const config = loadConfig({ bus: busConfig }, { env: {}, args: [] }).bus;
    let heard = 0;
    let revision = 0;
    for (const bus of buses) bus.subscribe(subjects.heartbeat(groups.presence), () => heard++);
    await Promise.all(buses.map((bus) => bus.flush()));
    for (const [i, bus] of buses.entries()) {
      const records = await openRecords(config, bus, { manage: i === 0 });
      revision = await records.put(key, bytesOf(String(i)), revision);
      assert.equal(textOf((await records.get(key))?.value ?? bytesOf('')), String(i));
      bus.publish(subjects.heartbeat(groups.presence), bytesOf('alive'));
    }
    await until('all heard all', () => heard === buses.length ** 2);
    assert.deepEqual(errors, []);
  });

  it('lets the roster service keep copies of accounts, in a stream that the archive has made', async () => {
    const [archive, roster] = [await enter('archive'), await enter('roster')];
    const config = loadConfig({ bus: busConfig }, { env: {}, args: [] }).bus;
    await openAccountCopies(config, archive);
    const copies = await openAccountCopies(config, roster, { manage: false });
    const key = subjects.accountCopy('张三@例子.中国' as BareJid);
    const revision = await copies.put(key, bytesOf('a copy'), 0);
    assert.deepEqual(await copies.get(key), { value: bytesOf('a copy'), revision });
    assert.deepEqual(errors, []);
  });

  it('lets the operator ask all processes and each edge, and hear what comes for a user', async () => {
    const buses = await Promise.all(['archive', 'edge', 'roster', 'presence'].map((user) => enter(user)));
    const operator = await enter('operator');
    for (const [i, bus] of buses.entries()) {
      const shared = { metrics: new MetricsRegistry(), health: new Health(), log: silentLogger };
      answerReports(bus, { id: `process-${i}`, service: 'x', ...shared });
    }
    const [archive, edge] = [buses[0], buses[1]];
    assert.ok(archive && edge);
    for (const method of [operations.sessions, operations.kick, operations.drain])
      edge.subscribe(method('edge-1').subject, ({ replyTo }) => edge.publish(replyTo, bytesOf('done')));
    // Nobody else of these tests listens for him.
    const watched = 'watched@example.com' as BareJid;
    const heard: string[] = [];
    operator.subscribe(subjects.user(watched), ({ data, replyTo }) => {
      heard.push(textOf(data));
      if (replyTo !== '') operator.publish(replyTo, bytesOf('nobody'));
    });
    await Promise.all([...buses, operator].map((bus) => bus.flush()));
    const reports = await gatherReports(operator, 1_000);
    assert.deepEqual(
      reports.map(({ id }) => id),
      ['process-0', 'process-1', 'process-2', 'process-3'],
    );
    for (const method of [operations.sessions, operations.kick, operations.drain])
      assert.equal(textOf(await operator.request(method('edge-1').subject, bytesOf(''), 5_000)), 'done');
    edge.publish(subjects.user(watched), bytesOf('live'));
    assert.equal(textOf(await edge.request(subjects.user(watched), bytesOf('question'), 5_000)), 'nobody');
    await until('all is heard', () => heard.length === 2);
    assert.deepEqual(errors, []);
  });

  it('is what packages/contracts says, word for word', () => {
    const conf = readFileSync(new URL('roles.conf', pathToFileURL(configFile)), 'utf8').replace(/#.*$/gm, '');
    const listed = [...conf.matchAll(/user: (\w+),([\s\S]*?)\n {4}\}/g)].map(([, user = '', block = '']) => {
      const [, publish = ''] = /publish: \{\s*allow: \[([^\]]*)\]/.exec(block) ?? [];
      const [, subscribe = ''] = /subscribe: \{ allow: \[([^\]]*)\]/.exec(block) ?? [];
      const subjectsIn = (text: string) => [...text.matchAll(/"([^"]+)"/g)].map(([, subject]) => subject).sort();
      return [user, { publish: subjectsIn(publish), subscribe: subjectsIn(subscribe) }];
    });
    const sorted = Object.entries(ROLES).map(([role, { publish, subscribe }]) => [
      role,
      { publish: [...publish].sort(), subscribe: [...subscribe].sort() },
    ]);
    assert.deepEqual(Object.fromEntries(listed), Object.fromEntries(sorted));
  });

  it('tells a role what it may do, where the server can', { skip: (NEWEST?.version[1] ?? 0) < 10 }, async () => {
    const config = loadConfig({ bus: busConfig }, { env: {}, args: [] }).bus;
    for (const [role, { publish, subscribe }] of Object.entries(ROLES)) {
      const { permissions, clock } = await inspectNats(await enter(role), config);
      assert.ok(permissions !== undefined && permissions !== 'everything', role);
      assert.deepEqual([...permissions.publish].sort(), [...publish].sort(), role);
      assert.deepEqual([...permissions.subscribe].sort(), [...subscribe].sort(), role);
      assert.ok(Math.abs((clock?.serverMs ?? 0) - Date.now()) < 5_000);
    }
    assert.deepEqual(errors, []);
  });

  it('lets no role do more', async () => {
    const publishing: [user: string, subject: string][] = [
      ['edge', 't.0'],
      ['edge', 'rc'],
      ['archive', 'rc'],
      ['edge', '$JS.API.STREAM.DELETE.M0'],
      ['edge', '$JS.API.STREAM.PURGE.M0'],
      ['edge', '$JS.API.STREAM.CREATE.X'],
      ['edge', '$JS.API.STREAM.MSG.GET.M0'],
      ['edge', '$JS.API.CONSUMER.CREATE.M0'],
      ['edge', '_INBOX_roster.x.1'],
      ['archive', '$JS.API.STREAM.DELETE.M0'],
      ['edge', 'rc'],
      ['edge', '$JS.API.STREAM.MSG.DELETE.O'],
      ['edge', '$JS.API.DIRECT.GET.M0'],
      ['archive', 'edge.edge-1'],
      ['archive', 'p.presence-1'],
      ['roster', '$JS.API.STREAM.PURGE.M0'],
      ['roster', 'r.keys'],
      ['roster', '$JS.API.STREAM.MSG.DELETE.A'],
      ['edge', 'acct.1.alice'],
      ['edge', 'fast.1.alice'],
      ['edge', '$JS.API.DIRECT.GET.A.fast.1.alice'],
      ['edge', '$JS.API.DIRECT.GET.A.acct.1.alice'],
      ['archive', 'acct.1.alice'],
      ['archive', '$JS.API.DIRECT.GET.A.acct.1.alice'],
      ['presence', 'acct.1.alice'],
      ['roster', 'a.0.gap'],
      ['presence', 'm.1.alice'],
      ['presence', 'a.0.gap'],
      ['presence', '$JS.API.STREAM.CREATE.O'],
      ['presence', '$JS.API.STREAM.PURGE.O'],
      ['edge', 'ops'],
      ['roster', 'edge.edge-1.kick'],
      ['operator', 'm.1.alice'],
      ['operator', 'u.1.alice'],
      ['operator', 'r.remove'],
      ['operator', 'edge.edge-1'],
      ['operator', 'edge.edge-1.release'],
      ['operator', '$JS.API.STREAM.PURGE.M0'],
      ['operator', '$JS.API.STREAM.MSG.GET.M0'],
    ];
    const subscribing: [user: string, subject: string][] = [
      ['edge', 'r.keys'],
      ['edge', 'm.>'],
      ['edge', '>'],
      ['edge', '_INBOX_roster.>'],
      ['edge', '_INBOX_archive.>'],
      ['archive', 'u.>'],
      ['archive', 'r.*'],
      ['roster', 'u.>'],
      ['roster', '_INBOX_edge.>'],
      ['edge', 'p.*'],
      ['edge', 'o.*'],
      ['presence', 'u.>'],
      ['presence', 'r.*'],
      ['presence', 'edge.*'],
      ['operator', 'ops'],
      ['operator', 'm.>'],
      ['operator', '_INBOX_edge.>'],
    ];
    const buses = {
      edge: await enter('edge'),
      archive: await enter('archive'),
      roster: await enter('roster'),
      presence: await enter('presence'),
      operator: await enter('operator'),
    };
    for (const [user, subject] of publishing) {
      const bus = buses[user as keyof typeof buses];
      errors.length = 0;
      bus.publish(subject, bytesOf(''));
      await bus.flush();
      await until(`${user} may not publish to ${subject}`, () => errors.some((e) => e.includes(subject)));
    }
    for (const [user, subject] of subscribing) {
      const bus = buses[user as keyof typeof buses];
      errors.length = 0;
      bus.subscribe(subject, () => {});
      await bus.flush();
      await until(`${user} may not subscribe to ${subject}`, () => errors.some((e) => e.includes(subject)));
    }
    errors.length = 0;
  });

  it('lets nobody in without the password, or without TLS', async () => {
    await assert.rejects(enter('edge', 'wrong'), /authorization/i);
    await assert.rejects(enter('', ''), /authorization/i);
    await assert.rejects(
      NatsLink.open({ servers: [server.url], user: 'edge', password: 'edge-secret' }),
      /certificate/,
    );
  });

  it('works for three servers, with TLS on their routes', { skip: (NEWEST?.version[1] ?? 0) < 11 }, async () => {
    const servers = await startNatsCluster(3, { configFile, env: environment });
    try {
      const archive = await enter(
        'archive',
        undefined,
        servers.map(({ url }) => url),
      );
      const log = await JetStreamLog.open(archive.link, { ...LOG_OPTIONS, replicas: 3 });
      assert.equal((await log.append(alice, 'id', bytesOf('x'))).sequence, 1);
      await log.close();
      await archive.close();
    } finally {
      await Promise.all(servers.map((s) => s.remove()));
    }
  });
});
