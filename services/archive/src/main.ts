import {
  answerReports,
  busConfig,
  openAccountCopies,
  openBus,
  openLog,
  openRecords,
  openSessionRecords,
} from '@starling/bus';
import { dbConfig, openDb, Schema, schemaConfig } from '@starling/db';
import { ownersConfig } from '@starling/owners';
import { runService } from '@starling/runtime';
import { openTracer, traceConfig } from '@starling/trace';
import { startArchive } from './archive.ts';
import { archiveConfig } from './config.ts';
import { archiveMigrations, migrateArchive } from './prepare-tables.ts';

const specs = {
  archive: archiveConfig,
  bus: busConfig,
  db: dbConfig,
  schema: schemaConfig,
  owners: ownersConfig,
  trace: traceConfig,
};

await runService('archive', specs, async ({ config, id, use, log: logger, metrics, health }) => {
  const db = await use('db', openDb(config.db, { log: logger, metrics, watchServer: true }), (d) => d.close());
  const tables = { migrate: migrateArchive, state: archiveMigrations };
  const schema = new Schema({ config: config.schema, ...tables, health, log: logger });
  await schema.wait(db);
  const bus = await use('bus', openBus(config.bus, { log: logger, metrics, name: id }), (b) => b.close());
  const log = await use('log', openLog(config.bus, bus, { metrics }), (l) => l.close());
  const beats = await use('beats', openBus(config.bus, { log: logger, name: `${id}-beats` }), (b) => b.close());
  const reports = answerReports(beats, { id, service: 'archive', metrics, health, log: logger });
  await use('reports', reports, (r) => r.unsubscribe());
  const records = await use('records', openRecords(config.bus, bus), (r) => r.close());
  // It makes the roster service's stream too, which may make none itself.
  await use('copies', openAccountCopies(config.bus, bus), (c) => c.close());
  await use('session records', openSessionRecords(config.bus, bus), (r) => r.close());
  const traced = { config: config.trace, service: 'archive', id, users: config.runtime.logUsers };
  const tracer = await use('tracer', openTracer(traced), (t) => t?.close());
  const shared = { id, db, bus, beats, log, records, logger, metrics, tracer };
  const { archive: own, owners } = config;
  const archive = startArchive({ ...shared, config: own, owners, prepare: schema.prepare });
  await use('archive', archive, (a) => a.stop());
});
