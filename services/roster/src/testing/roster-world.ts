import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, MemoryBus, MemoryLog, MemoryRecords } from '@starling/bus';
import {
  accounts,
  decodeEnvelope,
  decodeRosterChange,
  decodeRosterNotice,
  KIND,
  type Method,
  type RosterChange,
  type RosterItem,
  type RosterNotice,
  type RosterReply,
  rosters,
  type ScramKeys,
  SUBSCRIPTION,
  subjects,
} from '@starling/contracts';
import { type Db, dbConfig, openDb, type Row, type Transaction } from '@starling/db';
import type { BareJid } from '@starling/jid';
import { loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { Stanza } from '@starling/stanza';
import { rosterConfig } from '../config.ts';
import { type Roster, startRoster } from '../roster.ts';

const TIMEOUT_MS = 150_000;
const STREAMS = 2;
const COPY_BYTES_MAX = 1_000_000;

/** Counts what reaches the database. */
class CountingDb implements Db {
  readonly #real: Db;
  statements = 0;

  constructor(real: Db) {
    this.#real = real;
  }
  query<T extends Row>(sql: string, params?: readonly unknown[]): Promise<readonly T[]> {
    this.statements++;
    return this.#real.query<T>(sql, params);
  }
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    this.statements++;
    return this.#real.transaction(work);
  }
  close(): Promise<void> {
    return this.#real.close();
  }
}

/** A roster service of several processes on one database and one bus, and who listens to it. */
export interface RosterWorld {
  readonly bus: MemoryBus;
  readonly db: CountingDb;
  readonly copies: MemoryRecords;
  readonly metrics: MetricsRegistry;
  readonly notices: RosterNotice[];
  ask<Request, Reply>(method: Method<Request, Reply>, request: Request): Promise<Reply>;
  /** One more process. */
  start(): Promise<Roster>;
  register(...users: string[]): Promise<void>;
  /** What the user's sessions are told, as it comes. */
  listen(user: string): RosterChange[];
  send(user: string, type: string, contact: string, more?: string): Promise<void>;
  item(user: string, contact: string): Promise<RosterItem | undefined>;
  get(user: string, number?: number): Promise<RosterReply>;
  stop(): Promise<void>;
}

/** `databaseUrl` '': PGlite. */
export async function openRosterWorld(
  settings: Readonly<Record<string, string>> = {},
  databaseUrl = '',
): Promise<RosterWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'starling-roster-'));
  const env = { STARLING_DATA_DIR: folder, STARLING_DATABASE_URL: databaseUrl };
  const db = new CountingDb(await openDb(loadConfig({ db: dbConfig }, { env, args: [] }).db));
  const bus = new MemoryBus({});
  const log = new MemoryLog(bus, { streams: STREAMS, acknowledge: 'at-once' });
  const copies = new MemoryRecords(COPY_BYTES_MAX);
  const metrics = new MetricsRegistry();
  const config = loadConfig({ roster: rosterConfig }, { env: settings, args: [] }).roster;
  const processes: Roster[] = [];
  const notices: RosterNotice[] = [];
  bus.subscribe(subjects.rosterChanges, ({ data }) => notices.push(decodeRosterNotice(data)));

  const start = async () => {
    const registry = processes.length === 0 ? metrics : new MetricsRegistry();
    const process = await startRoster({ db, bus, log, copies, config, logger: silentLogger, metrics: registry });
    processes.push(process);
    return process;
  };
  const ask: RosterWorld['ask'] = async (method, request) => {
    const reply = await call(bus, method, request, TIMEOUT_MS);
    await bus.flush(); // what was told has arrived
    return reply;
  };
  const get: RosterWorld['get'] = async (user, number) => {
    const whole = await ask(rosters.get, { user, known: false });
    if (number === undefined) return whole;
    return ask(rosters.get, { user, known: true, version: { lineage: whole.version.lineage, number } });
  };
  await start();
  return {
    ...{ bus, db, copies, metrics, notices, ask, get, start },
    register: async (...users) => {
      for (const user of users) await ask(accounts.create, { user, keys: KEYS });
    },
    listen: (user) => {
      const heard: RosterChange[] = [];
      bus.subscribe(subjects.user(user as BareJid), ({ data, commit }) => {
        const envelope = decodeEnvelope(data);
        if (commit === undefined && envelope.kind === KIND.rosterChange)
          heard.push(decodeRosterChange(envelope.stanza));
      });
      return heard;
    },
    send: async (user, type, contact, more = '') => {
      const stanza = Stanza.build('presence', { type, from: user as BareJid, to: contact as BareJid }, more).encode();
      await ask(rosters.subscribe, { user, contact, type, stanza });
    },
    item: async (user, contact) => (await get(user)).items.find((i) => i.jid === contact),
    stop: async () => {
      await Promise.all(processes.map((p) => p.stop()));
      await log.close();
      await bus.close();
      await db.close();
      await rm(folder, { recursive: true });
    },
  };
}

const KEYS: readonly ScramKeys[] = [
  {
    mechanism: 'SCRAM-SHA-1',
    salt: Buffer.from('salt'),
    iterations: 4096,
    storedKey: Buffer.alloc(20, 1),
    serverKey: Buffer.alloc(20, 2),
  },
];

/** What a client may set of an item. */
export const itemOf = (jid: string, name = '', groups: readonly string[] = [], removed = false): RosterItem => ({
  ...{ jid, name, groups, removed, subscription: SUBSCRIPTION.none, ask: false, approved: false },
});

const NAMES = ['none', 'to', 'from', 'both'] as const;

/** `from approved` and the like; '-' when there is no item. */
export const show = (item: RosterItem | null | undefined): string =>
  item == null
    ? '-'
    : [item.removed ? 'removed' : NAMES[item.subscription], item.ask && 'ask', item.approved && 'approved']
        .filter(Boolean)
        .join(' ');

/** What was told, one word or two each: `subscribed → to`. */
export const heardOf = (changes: readonly RosterChange[]): string[] =>
  changes.map(({ type, item }) => [type, item == null ? '' : `→ ${show(item)}`].filter(Boolean).join(' '));

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + TIMEOUT_MS; Date.now() < deadline; ) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`not in time: ${what}`);
}
