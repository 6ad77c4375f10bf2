// What a cluster has stored, as its parts tell it: the archive over NATS, and the rows in its database.
import { type Bus, type BusConfig, busConfig, call, openBus, openRecords } from '@starling/bus';
import {
  archive,
  COPY,
  decodeEnvelope,
  decodeMembership,
  type Group,
  type GroupMember,
  partitionOf,
  START,
  streamOf,
  subjects,
} from '@starling/contracts';
import { type Db, dbConfig, openDb } from '@starling/db';
import type { BareJid } from '@starling/jid';
import { loadConfig } from '@starling/runtime';
import type { World } from '@starling/testkit';

const ANSWER_TIMEOUT_MS = 10_000;
const HOST = '127.0.0.1';

/** A connection to all NATS servers of a world, and how many streams there are; the caller closes it. */
export async function connectBus(world: World): Promise<{ bus: Bus; streams: number }> {
  const config = busConfigOf(world);
  return { bus: await openBus(config, { name: 'loadtest' }), streams: config.logStreams };
}

/** Who is in a group of processes now. @throws Error when its document cannot be read */
export async function readMembers(world: World, group: Group): Promise<readonly GroupMember[]> {
  const config = busConfigOf(world);
  const bus = await openBus(config, { name: 'loadtest' });
  try {
    const records = await openRecords(config, bus, { manage: false });
    const record = await records.get(subjects.membership(group));
    return record === undefined ? [] : decodeMembership(record.value).members;
  } finally {
    await bus.close();
  }
}

function busConfigOf(world: World): BusConfig {
  const servers = world.ready.processes.filter((p) => p.service === 'nats').map(({ port }) => `nats://${HOST}:${port}`);
  return loadConfig({ bus: busConfig }, { env: { STARLING_NATS_URL: servers.join() }, args: [] }).bus;
}

/** A connection to the PostgreSQL of a world; the caller closes it. */
export function connectDb(world: World): Promise<Db> {
  const port = world.ready.processes.find((p) => p.service === 'postgres')?.port;
  const env = { STARLING_DATABASE_URL: `postgresql://starling@${HOST}:${port}/postgres`, STARLING_DATABASE_POOL: '1' };
  return openDb(loadConfig({ db: dbConfig }, { env, args: [] }).db);
}

/** The numbers in one user's log, of its own messages and of those that it received, in the log's order. */
export interface LogNumbers {
  readonly sent: readonly number[];
  readonly received: readonly number[];
}

/** Asks the archive for a whole log, as an edge does that fills a gap. @throws RpcError */
export async function readNumbers(bus: Bus, user: string, streams: number): Promise<LogNumbers> {
  const method = archive.gap(streamOf(partitionOf(user as BareJid), streams));
  const numbers = { sent: [] as number[], received: [] as number[] };
  for (let after = START, complete = false; !complete; ) {
    const reply = await call(bus, method, { user, after, limit: 0 }, ANSWER_TIMEOUT_MS);
    for (const { envelope } of reply.entries) {
      const { copy, stanza } = decodeEnvelope(envelope);
      const [, number] = /<body>(\d+) /.exec(Buffer.from(stanza).toString()) ?? [];
      if (number !== undefined) (copy === COPY.sent ? numbers.sent : numbers.received).push(Number(number));
    }
    after = reply.entries.at(-1)?.position ?? after;
    complete = reply.complete || reply.entries.length === 0;
  }
  return numbers;
}

/** Such as 15.14. */
export async function postgresVersion(db: Db): Promise<string> {
  const [row] = await db.query<{ server_version: string }>('show server_version');
  return row?.server_version.split(' ', 1)[0] ?? '';
}

/** How many messages of all users are in the database. */
export async function countRows(db: Db): Promise<number> {
  const [row] = await db.query<{ count: bigint }>('select count(*) from archive');
  return Number(row?.count ?? 0);
}

/** How many messages the archive processes of a world say to have written, since they started. @throws Error when one does not answer */
export async function entriesWritten(world: World): Promise<number> {
  let count = 0;
  for (const { admin } of world.ready.processes.filter((p) => p.service === 'archive')) {
    const metrics = await (await fetch(`http://${HOST}:${admin}/metrics`)).text();
    const [, written = '0'] =
      /^starling_archive_entries_total\{[^}]*outcome="written"[^}]*\} (\d+)/m.exec(metrics) ?? [];
    count += Number(written);
  }
  return count;
}
