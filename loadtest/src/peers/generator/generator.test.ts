import assert from 'node:assert/strict';
import { cpus } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { sharedKeys } from '../../presence/scram.ts';
import { Holder } from '../../sessions/holder.ts';
import { requireWhole } from '../figures.ts';
import { runGenerator } from '../run-generator.ts';
import type { PeerServer } from '../server.ts';
import { startStarlingEmbedded } from '../starling-server.ts';
import type { GeneratorLine, Transport, WorkOrder } from './orders.ts';

const PASSWORD = 'pw';
const SALT = Buffer.from('starling-test');
const CONTACTS = 3;
const ACCOUNTS = 2 * (CONTACTS + 1);
const TIMEOUT_MS = 60_000;
const LOADS = { loads: ['max', 50], seconds: 0.5, warmupSeconds: 0.2 } as const;

/** Wherever there is room. */
const allCores = () => `0-${cpus().length - 1}`;

describe('the load generator', () => {
  let server: PeerServer;
  before(async () => {
    server = await startStarlingEmbedded({
      accounts: ACCOUNTS,
      contacts: CONTACTS,
      keys: sharedKeys(PASSWORD, SALT),
      serverCores: allCores(),
      archives: false,
      plainAccounts: 0,
    });
  });
  after(() => server.stop());

  const play = (transport: Transport, order: WorkOrder): Promise<readonly GeneratorLine[]> => {
    const { ports, path, domain, prefix, parts } = server;
    const salt = SALT.toString('base64');
    const target = { transport, port: ports[transport], path, domain, prefix, password: PASSWORD, salt };
    return runGenerator({ target, order, watch: parts }, { timeoutMs: TIMEOUT_MS });
  };

  for (const transport of ['tcp', 'ws'] as const) {
    test(`chat, ${transport}: what is sent arrives, and costs something`, async () => {
      const order = { work: 'chat', users: ACCOUNTS, window: 2, bodyBytes: 100, isStored: false, ...LOADS } as const;
      const lines = await play(transport, order);
      assert.deepEqual(
        lines.map(({ kind }) => kind),
        ['window', 'total', 'window', 'total'],
      );
      requireWhole({ server: 'starling-embedded', work: 'chat', transport, round: 0, lines });
      for (const line of lines) {
        if (line.kind !== 'window') continue;
        assert.ok(line.delivered > 0 && line.p50Ms > 0 && line.p99Ms >= line.p50Ms, JSON.stringify(line));
        assert.ok(line.generatorUs > 0 && line.machineUs > 0, JSON.stringify(line));
      }
    });

    test(`idle, ${transport}: memory of every step`, async () => {
      const lines = await play(transport, { work: 'idle', steps: [4, ACCOUNTS], settleSeconds: 0.1 });
      assert.deepEqual(
        lines.map((line) => line.kind === 'memory' && line.sessions),
        [0, 4, ACCOUNTS],
      );
      for (const line of lines) assert.ok(line.kind === 'memory' && (line.pssKiB.starling ?? 0) > 10_000);
    });
  }

  test('archived messages: two rows of each', async () => {
    const rowsBefore = await server.archivedRows();
    const order = { work: 'chat', users: ACCOUNTS, window: 1, bodyBytes: 100, isStored: true, ...LOADS } as const;
    const lines = await play('tcp', order);
    const sent = lines.reduce((sum, line) => sum + (line.kind === 'total' ? line.sent : 0), 0);
    for (let rows = 0; rows !== 2 * sent; ) {
      rows = (await server.archivedRows()) - rowsBefore;
      assert.ok(rows <= 2 * sent, `${rows} rows of ${sent} messages`);
    }
  });

  test('presence: a copy for each contact and for oneself', async () => {
    const order = { work: 'presence', users: ACCOUNTS, contacts: CONTACTS, window: 2, ...LOADS } as const;
    const lines = await play('tcp', order);
    requireWhole({ server: 'starling-embedded', work: 'presence', transport: 'tcp', round: 0, lines });
    const totals = lines.filter((line) => line.kind === 'total');
    assert.deepEqual(
      totals.map(({ copies }) => copies),
      [CONTACTS + 1, CONTACTS + 1],
    );
  });

  test('logins', async () => {
    const [line, ...others] = await play('tcp', { work: 'login', users: ACCOUNTS, warmups: 1, passes: 1 });
    assert.ok(line?.kind === 'window' && line.delivered === ACCOUNTS && line.maxMs > 0, JSON.stringify(line));
    assert.equal(others.length, 0);
  });

  test('a process holds sessions, then more, from an address and a number of its own', async () => {
    const { ports, path, domain, prefix } = server;
    const where = {
      transport: 'ws',
      port: ports.ws,
      path,
      domain,
      prefix,
      localAddress: '127.0.1.7',
      firstUser: 2,
    } as const;
    const target = { ...where, password: PASSWORD, salt: SALT.toString('base64') };
    const holder = new Holder({ target, loginsAtOnce: 2 });
    try {
      assert.equal((await holder.grow(2)).sessions, 2);
      const { sessions, p99Ms } = await holder.grow(ACCOUNTS - 2);
      assert.ok(sessions === ACCOUNTS - 2 && p99Ms > 0);
      holder.requireAlive();
      await assert.rejects(holder.grow(ACCOUNTS - 1), /a load process ended with 1: .*an account with other keys/s);
    } finally {
      await holder.stop();
    }
  });

  test('an account that is not there ends the run', async () => {
    const order = { work: 'idle', steps: [ACCOUNTS + 1], settleSeconds: 0.1 } as const;
    await assert.rejects(play('tcp', order), /the generator ended with 1: .*an account with other keys/s);
  });
});
