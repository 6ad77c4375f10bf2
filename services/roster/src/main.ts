import { answerReports, busConfig, openAccountCopies, openBus, openLog } from '@starling/bus';
import { dbConfig, openDb } from '@starling/db';
import { runService } from '@starling/runtime';
import { rosterConfig } from './config.ts';
import { startRoster } from './roster.ts';

const specs = { roster: rosterConfig, bus: busConfig, db: dbConfig };

await runService('roster', specs, async ({ config, id, use, log: logger, metrics, health }) => {
  const db = await use('db', openDb(config.db, { log: logger, metrics }), (d) => d.close());
  const bus = await use('bus', openBus(config.bus, { log: logger, metrics, name: id }), (b) => b.close());
  const reports = answerReports(bus, { id, service: 'roster', metrics, health, log: logger });
  await use('reports', reports, (r) => r.unsubscribe());
  const log = await use('log', openLog(config.bus, bus, { metrics, manage: false }), (l) => l.close());
  const copies = await use('copies', openAccountCopies(config.bus, bus, { manage: false }), (c) => c.close());
  await use('roster', startRoster({ db, bus, log, copies, config: config.roster, logger, metrics }), (r) => r.stop());
});
