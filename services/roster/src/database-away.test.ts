import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { call, MemoryBus, MemoryLog, MemoryRecords, RecordsUnavailableError, RpcError } from '@starling/bus';
import {
  ARCHIVE_DEFAULT,
  accounts,
  blocks,
  decodeEnvelope,
  decodeRosterChange,
  KIND,
  type Kind,
  type Method,
  personal,
  preferences,
  rosters,
  type ScramKeys,
  SUBSCRIPTION,
  subjects,
} from '@starling/contracts';
import { type Db, DbUnavailableError, dbConfig, openDb } from '@starling/db';
import type { BareJid } from '@starling/jid';
import { Postgres } from '@starling/local-servers/postgres';
import { loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { Stanza } from '@starling/stanza';
import { rosterConfig } from './config.ts';
import { type Roster, startRoster } from './roster.ts';
import { itemOf, until } from './testing/roster-world.ts';

const TIMEOUT_MS = 30_000;
const COPY_BYTES_MAX = 1_000_000;
/** At once: what waits for a connection would take longer. */
const AT_ONCE_MS = 500;

const refused = (condition: string) => (error: unknown) => error instanceof RpcError && error.condition === condition;
const keysOf = (salt: string): ScramKeys[] => [
  {
    ...{ mechanism: 'SCRAM-SHA-1', iterations: 4096, salt: Buffer.from(salt) },
    ...{ storedKey: Buffer.alloc(20, 1), serverKey: Buffer.alloc(20, 2) },
  },
];

/** A store that may be away too. */
class Store extends MemoryRecords {
  isAway = false;
  override async put(...args: Parameters<MemoryRecords['put']>): Promise<number> {
    if (this.isAway) throw new RecordsUnavailableError('away');
    return super.put(...args);
  }
}

describe('the roster service without its database', () => {
  const bus = new MemoryBus({});
  const log = new MemoryLog(bus, { streams: 2, acknowledge: 'at-once' });
  const copies = new Store(COPY_BYTES_MAX);
  let postgres: Postgres;
  const processes: { roster: Roster; db: Db; metrics: MetricsRegistry }[] = [];

  /** Commits, and says that it could not be reached. */
  let isDeaf = false;
  const deafened = (db: Db): Db => {
    const transaction: Db['transaction'] = async (work) => {
      const result = await db.transaction(work);
      if (isDeaf) throw new DbUnavailableError('the answer was lost');
      return result;
    };
    return new Proxy(db, {
      get: (of, key) => {
        if (key === 'transaction') return transaction;
        const value: unknown = Reflect.get(of, key);
        return typeof value === 'function' ? value.bind(of) : value;
      },
    });
  };

  const start = async () => {
    const env = { STARLING_DATABASE_URL: postgres.url(), STARLING_DATABASE_PROBE: '50ms' };
    const { db: databaseConfig, roster: config } = loadConfig(
      { db: dbConfig, roster: rosterConfig },
      { env: { ...env, STARLING_NOTICE_SWEEP: '100ms' }, args: [] },
    );
    const db = await openDb(databaseConfig);
    const metrics = new MetricsRegistry();
    const roster = await startRoster({ db: deafened(db), bus, log, copies, config, logger: silentLogger, metrics });
    processes.push({ roster, db, metrics });
  };
  const database = () => processes[0]?.db ?? assert.fail('no process');
  const stop = async () => {
    for (const { roster, db } of processes.splice(0)) {
      await roster.stop();
      await db.close();
    }
  };
  const ask = async <Q, R>(method: Method<Q, R>, request: Q): Promise<R> => call(bus, method, request, TIMEOUT_MS);
  const create = (user: string, salt = 'salt') => ask(accounts.create, { user, keys: keysOf(salt) });
  const saltOf = async (user: string) =>
    Buffer.from((await ask(accounts.keys, { user })).keys[0]?.salt ?? []).toString();
  const send = (user: string, type: string, contact: string) =>
    ask(rosters.subscribe, {
      ...{ user, type, contact },
      stanza: Stanza.build('presence', { type, from: user as BareJid, to: contact as BareJid }).encode(),
    });
  /** All processes know that it is away. */
  const lose = async () => {
    await postgres.kill();
    await until('it is known', async () =>
      (await Promise.all(processes.map(({ metrics }) => metrics.scrape()))).every((text) =>
        /starling_roster_database_away 1/.test(text),
      ),
    );
  };
  const comeBack = async () => {
    await postgres.startAgain();
    await until('all use it again', async () =>
      (await Promise.all(processes.map(({ metrics }) => metrics.scrape()))).every(
        (text) => !/starling_roster_database_away 1/.test(text),
      ),
    );
  };

  before(async () => {
    postgres = await Postgres.start();
    for (let n = 0; n < 2; n++) await start();
  });
  after(async () => {
    await stop();
    await log.close();
    await bus.close();
    await postgres.stop();
  });

  const romeo = '罗密欧@localhost';
  const juliet = 'juliet@localhost';
  const tybalt = 'tybalt@localhost';
  const paris = 'paris@localhost';

  it('answers for whom it knows, as it was when the database went', async () => {
    for (const user of [romeo, juliet, tybalt, paris]) await create(user, 'first');
    await ask(accounts.setKeys, { user: romeo, keys: keysOf('second') });
    await ask(rosters.set, { user: romeo, item: itemOf(juliet, '朱丽叶', ['朋友', 'Friends']) });
    await send(romeo, 'subscribe', juliet);
    await send(juliet, 'subscribed', romeo);
    await send(paris, 'subscribe', romeo);
    await ask(rosters.set, { user: romeo, item: itemOf('old@localhost') });
    await ask(rosters.set, { user: romeo, item: itemOf('old@localhost', '', [], true) });
    await ask(blocks.change, { user: romeo, block: [tybalt], unblock: [], unblockAll: false });
    await ask(preferences.set, { user: romeo, fallback: ARCHIVE_DEFAULT.roster, always: [paris], never: [tybalt] });
    await ask(accounts.remove, { user: tybalt });
    await until('the farewell is over', async () => (await ask(accounts.keys, { user: tybalt })).exists === false);
    const whole = await ask(rosters.get, { user: romeo, known: false });
    const difference = { user: romeo, known: true, version: { ...whole.version, number: 1 } };
    const before = {
      roster: whole,
      difference: await ask(rosters.get, difference),
      blocks: await ask(blocks.list, { user: romeo }),
      preferences: await ask(preferences.get, { user: romeo }),
      requests: (await ask(rosters.requests, { user: romeo })).stanzas.map((s) => Buffer.from(s).toString()),
      contacts: await ask(rosters.contacts, { users: [romeo, juliet] }),
      contact: await ask(rosters.contact, { user: romeo, contact: `${juliet}/home` }),
      blocked: await ask(rosters.contact, { user: romeo, contact: `${tybalt}/home` }),
    };
    assert.deepEqual(before.blocked.exists, false);
    await lose();
    for (const when of ['as it is', 'after a restart'] as const) {
      assert.equal(await saltOf(romeo), 'second', when);
      assert.equal((await ask(accounts.exists, { user: romeo })).exists, true);
      assert.deepEqual(await ask(rosters.get, { user: romeo, known: false }), before.roster, when);
      assert.deepEqual(await ask(rosters.get, difference), before.difference, when);
      assert.deepEqual(await ask(blocks.list, { user: romeo }), before.blocks);
      assert.deepEqual({ ...(await ask(preferences.get, { user: romeo })) }, { ...before.preferences });
      const { stanzas } = await ask(rosters.requests, { user: romeo });
      assert.deepEqual(
        stanzas.map((s) => Buffer.from(s).toString()),
        before.requests,
      );
      assert.deepEqual(await ask(rosters.contacts, { users: [romeo, juliet] }), before.contacts);
      assert.deepEqual(await ask(rosters.contact, { user: romeo, contact: `${juliet}/home` }), before.contact);
      assert.deepEqual(await ask(rosters.contact, { user: romeo, contact: `${tybalt}/home` }), before.blocked);
      await stop();
      await start();
    }
  });

  it('lets no removed account in, and says of one that it does not know that it cannot say', async () => {
    assert.equal((await ask(accounts.exists, { user: tybalt })).exists, false);
    await assert.rejects(ask(accounts.keys, { user: tybalt }), refused('resource-constraint'));
    await assert.rejects(ask(rosters.get, { user: tybalt, known: false }), refused('item-not-found'));
    await assert.rejects(ask(accounts.keys, { user: 'nobody@localhost' }), refused('resource-constraint'));
    const { users } = await ask(rosters.contacts, { users: ['nobody@localhost', juliet, tybalt] });
    assert.deepEqual(
      users.map(({ exists, unknown }) => [exists, unknown]),
      [
        [false, true],
        [true, false],
        [false, false],
      ],
    );
  });

  it('answers every edit with wait, at once', async () => {
    const startedMs = performance.now();
    const edits = [
      ask(rosters.set, { user: romeo, item: itemOf('a@localhost') }),
      send(romeo, 'subscribe', paris),
      ask(blocks.change, { user: romeo, block: [paris], unblock: [], unblockAll: false }),
      ask(preferences.set, { user: romeo, fallback: ARCHIVE_DEFAULT.never, always: [], never: [] }),
      ask(accounts.setKeys, { user: romeo, keys: keysOf('third') }),
      create('new@localhost'),
      ask(accounts.remove, { user: romeo }),
      ask(personal.setPrivateXml, { user: romeo, elements: [] }),
      ask(personal.privateXml, { user: romeo, ns: 'a', name: 'b' }),
      ask(personal.setVcard, { user: romeo, xml: Buffer.from('<vCard xmlns="vcard-temp"/>') }),
      ask(personal.vcard, { user: romeo, asker: juliet }),
    ];
    const outcomes = await Promise.allSettled(edits);
    assert.ok(performance.now() - startedMs < AT_ONCE_MS);
    for (const [i, outcome] of outcomes.entries())
      assert.ok(outcome.status === 'rejected' && refused('resource-constraint')(outcome.reason), `edit ${i}`);
    assert.equal(await saltOf(romeo), 'second');
  });

  it('edits again when the database is back, and one process does not answer what another has changed', async () => {
    await start();
    await comeBack();
    await ask(accounts.setKeys, { user: romeo, keys: keysOf('third') });
    await ask(rosters.set, { user: romeo, item: itemOf(juliet, 'J') });
    assert.equal((await ask(accounts.keys, { user: 'nobody@localhost' })).exists, false);
    await ask(accounts.remove, { user: paris });
    await create(tybalt, 'again');
    await lose();
    // The bus gives requests to the processes in turn.
    for (let n = 0; n < 4; n++) {
      assert.equal(await saltOf(romeo), 'third');
      const { items } = await ask(rosters.get, { user: romeo, known: false });
      assert.deepEqual(
        items.map(({ name, subscription }) => [name, subscription]),
        [['J', SUBSCRIPTION.to]],
      );
      assert.equal(await saltOf(tybalt), 'again');
      assert.equal((await ask(accounts.exists, { user: paris })).exists, false);
    }
    await comeBack();
  });

  it('says that a password or an account is changed only when its copy is; an edit of a roster does not wait for that', async () => {
    const [user, gone] = ['copied@localhost', 'gone@localhost'];
    for (const name of [user, gone]) await create(name, 'first');
    copies.isAway = true;
    await assert.rejects(ask(accounts.setKeys, { user, keys: keysOf('second') }), refused('resource-constraint'));
    await assert.rejects(ask(accounts.remove, { user: gone }), refused('resource-constraint'));
    await ask(rosters.set, { user, item: itemOf(juliet, 'J') });
    const told: Kind[] = [];
    const listening = bus.subscribe(subjects.user(user as BareJid), ({ data, commit }) => {
      if (commit !== undefined) told.push(decodeEnvelope(data).kind);
    });
    const block = { user, block: [juliet], unblock: [], unblockAll: false };
    await assert.rejects(ask(blocks.change, block), refused('resource-constraint'));
    assert.deepEqual(told, [KIND.blocksChanged], 'what is committed holds, whatever the store says');
    listening.unsubscribe();
    // As if the process had died here: what is due is in the database.
    await stop();
    copies.isAway = false;
    await start();
    await until('all is copied', async () => (await database().query('select from account_copy_due')).length === 0);
    await lose();
    assert.equal(await saltOf(user), 'second');
    assert.equal((await ask(rosters.get, { user, known: false })).items[0]?.name, 'J');
    assert.equal((await ask(accounts.exists, { user: gone })).exists, false);
    await comeBack();
  });

  it('tells an edit that was committed although its answer was lost', async () => {
    const user = 'unsure@localhost';
    await create(user);
    await ask(rosters.set, { user, item: itemOf(juliet, 'before') });
    const heard: (readonly [version: number, name: string | undefined])[] = [];
    const listening = bus.subscribe(subjects.user(user as BareJid), ({ data, commit }) => {
      if (commit !== undefined) return;
      const { version, item } = decodeRosterChange(decodeEnvelope(data).stanza);
      heard.push([version.number, item?.name]);
    });
    isDeaf = true;
    await assert.rejects(ask(rosters.set, { user, item: itemOf(juliet, 'after') }), refused('resource-constraint'));
    assert.deepEqual(heard, []);
    isDeaf = false;
    await until('it is told', async () => heard.length > 0);
    assert.deepEqual(heard, [[2, 'after']]);
    listening.unsubscribe();
  });

  it('copies who logs in, also an account from before there were copies', async () => {
    const db = database();
    const before = 'before@localhost' as BareJid;
    await db.query('insert into account (username) values ($1)', [before]);
    await db.query(
      `insert into account_key (username, mechanism, salt, iterations, stored_key, server_key)
         values ($1, 'SCRAM-SHA-1', 'old', 4096, '\\x01', '\\x02')`,
      [before],
    );
    assert.equal(await saltOf(before), 'old');
    await until('it is copied', async () => (await copies.get(subjects.accountCopy(before))) !== undefined);
    await lose();
    assert.equal(await saltOf(before), 'old');
    await comeBack();
  });
});
