import { answerReports, busConfig, openAccountCopies, openBus, openLog } from '@starling/bus';
import { dbConfig, openDb, Schema, schemaConfig } from '@starling/db';
import { runService } from '@starling/runtime';
import { rosterConfig } from './config.ts';
import { migrateRoster, rosterMigrations } from './migrations.ts';
import { startRoster } from './roster.ts';

const specs = { roster: rosterConfig, bus: busConfig, db: dbConfig, schema: schemaConfig };

await runService('roster', specs, async ({ config, id, use, log: logger, metrics, health }) => {
  const db = await use('db', openDb(config.db, { log: logger, metrics }), (d) => d.close());
  const tables = { migrate: migrateRoster, state: rosterMigrations };
  const schema = new Schema({ config: config.schema, ...tables, health, log: logger });
  await schema.wait(db);
  const bus = await use('bus', openBus(config.bus, { log: logger, metrics, name: id }), (b) => b.close());
  const reports = answerReports(bus, { id, service: 'roster', metrics, health, log: logger });
  await use('reports', reports, (r) => r.unsubscribe());
  const log = await use('log', openLog(config.bus, bus, { metrics, manage: false }), (l) => l.close());
  const copies = await use('copies', openAccountCopies(config.bus, bus, { manage: false }), (c) => c.close());
  const shared = { db, bus, log, copies, logger, metrics };
  const roster = startRoster({ ...shared, config: config.roster, prepare: schema.prepare });
  await use('roster', roster, (r) => r.stop());
});
