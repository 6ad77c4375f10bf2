import { busConfig, openBus, openLog } from '@starling/bus';
import { dbConfig, openDb } from '@starling/db';
import { runService } from '@starling/runtime';
import { startArchive } from './archive.ts';
import { archiveConfig } from './config.ts';

const specs = { archive: archiveConfig, bus: busConfig, db: dbConfig };

await runService('archive', specs, async ({ config, id, use, log: logger, metrics }) => {
  const db = await use('db', openDb(config.db, { log: logger, metrics }), (d) => d.close());
  const bus = await use('bus', openBus(config.bus, { log: logger, metrics, name: id }), (b) => b.close());
  const log = await use('log', openLog(config.bus, bus, { metrics }), (l) => l.close());
  await use('archive', startArchive({ db, bus, log, config: config.archive, logger, metrics }), (a) => a.stop());
});
