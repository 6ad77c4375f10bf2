// NATS and PostgreSQL, where they are configured.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type BusConfig, LogConfigError, NatsBus, openBus, openLog } from '@starling/bus';
import { type DbConfig, openDb, type Queryable } from '@starling/db';
import { withoutPasswords } from '../open-bus.ts';
import { failed, messageOf, type Outcome, ok, warning } from './finding.ts';

const NATS_TIMEOUT_MS = 3_000;
const POSTGRES_VERSION_MIN = 15;
const CLOCK_DIFFERENCE_MAX_MS = 2_000;

export async function checkNats(config: BusConfig): Promise<Outcome> {
  if (config.natsUrl === '') return ok('none: bus and log are in process');
  const soon = { ...config, natsConnectTimeoutMs: Math.min(config.natsConnectTimeoutMs, NATS_TIMEOUT_MS) };
  try {
    const bus = await openBus(soon, { name: 'check' });
    try {
      return await judgeNats(soon, bus);
    } finally {
      await bus.close();
    }
  } catch (error) {
    // Policy: what the client says is the finding.
    return failed(`${withoutPasswords(config.natsUrl)}: ${messageOf(error)}`);
  }
}

async function judgeNats(config: BusConfig, bus: Awaited<ReturnType<typeof openBus>>): Promise<Outcome> {
  const info = bus instanceof NatsBus ? bus.link.connection.info : undefined;
  const text = `nats-server ${info?.version} at ${withoutPasswords(config.natsUrl)}`;
  if (!info?.jetstream) return failed(`${text} has no JetStream`);
  try {
    const log = await openLog({ ...config, natsConnectTimeoutMs: 0 }, bus, { manage: false });
    await log.close();
    return ok(`${text}, ${config.logStreams} streams`);
  } catch (error) {
    // Policy: streams that are not there yet are made at the start; all else is the finding.
    if (error instanceof LogConfigError && error.transient) return ok(`${text}; the streams will be made at the start`);
    return failed(`${text}: ${messageOf(error)}`);
  }
}

export async function checkDatabase(config: DbConfig, nowMs: () => number): Promise<Outcome> {
  if (config.url.isEmpty) {
    const isThere = existsSync(join(config.dataDir, 'pglite'));
    return ok(`PGlite in the data folder${isThere ? '' : ', to be made at the first start'}`);
  }
  try {
    const db = await openDb(config);
    try {
      return await judgeDatabase(db, nowMs);
    } finally {
      await db.close();
    }
  } catch (error) {
    // Policy: what the driver says is the finding.
    return failed(`PostgreSQL: ${messageOf(error)}`);
  }
}

async function judgeDatabase(db: Queryable, nowMs: () => number): Promise<Outcome> {
  const [server] = await db.query<{ version: string; now_ms: number }>(
    "select current_setting('server_version') as version, extract(epoch from clock_timestamp())::float8 * 1000 as now_ms",
  );
  const differenceMs = Math.abs((server?.now_ms ?? 0) - nowMs());
  const text = `PostgreSQL ${server?.version}, ${await migrationsOf(db)}`;
  if (Number.parseInt(server?.version ?? '0', 10) < POSTGRES_VERSION_MIN)
    return failed(`${text}: ${POSTGRES_VERSION_MIN} or later is needed`);
  if (differenceMs <= CLOCK_DIFFERENCE_MAX_MS) return ok(text);
  return warning(`${text}; its clock and ours are ${Math.round(differenceMs / 1000)} s apart: start NTP`);
}

async function migrationsOf(db: Queryable): Promise<string> {
  const [table] = await db.query<{ there: boolean }>("select to_regclass('starling_migration') is not null as there");
  if (!table?.there) return 'empty: the tables will be made at the start';
  const rows = await db.query<{ namespace: string; last: string }>(
    'select namespace, max(name) as last from starling_migration group by namespace order by namespace',
  );
  return `migrated to ${rows.map(({ namespace, last }) => `${namespace}/${last}`).join(', ')}`;
}
