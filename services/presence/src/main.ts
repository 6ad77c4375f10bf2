import { answerReports, busConfig, openBus, openRecords, openSessionRecords } from '@starling/bus';
import { ownersConfig } from '@starling/owners';
import { runService } from '@starling/runtime';
import { openTracer, traceConfig } from '@starling/trace';
import { presenceConfig } from './config.ts';
import { startPresence } from './presence.ts';

const specs = { presence: presenceConfig, owners: ownersConfig, bus: busConfig, trace: traceConfig };

await runService('presence', specs, async ({ config, id, use, log: logger, metrics, health }) => {
  const bus = await use('bus', openBus(config.bus, { log: logger, metrics, name: id }), (b) => b.close());
  const beats = await use('beats', openBus(config.bus, { log: logger, name: `${id}-beats` }), (b) => b.close());
  const reports = answerReports(beats, { id, service: 'presence', metrics, health, log: logger });
  await use('reports', reports, (r) => r.unsubscribe());
  const records = await use('records', openRecords(config.bus, bus, { manage: false }), (r) => r.close());
  const sessionRecords = await use('session records', openSessionRecords(config.bus, bus, { manage: false }), (r) =>
    r.close(),
  );
  const traced = { config: config.trace, service: 'presence', id, users: config.runtime.logUsers };
  const tracer = await use('tracer', openTracer(traced), (t) => t?.close());
  const shared = { id, bus, beats, records, sessionRecords, streams: config.bus.logStreams, logger, metrics, tracer };
  const presence = startPresence({ ...shared, config: config.presence, owners: config.owners });
  await use('presence', presence, (p) => p.stop());
});
