import { answerReports, busConfig, openBus, openLog, openRecords, openSessionRecords } from '@starling/bus';
import { ownersConfig } from '@starling/owners';
import { runService } from '@starling/runtime';
import { openTracer, traceConfig } from '@starling/trace';
import { edgeConfig } from './config.ts';
import { startEdge } from './edge.ts';
import { featureConfigs } from './feature-configs.ts';
import { checkResumeWindow } from './resume-window.ts';
import { SOFTWARE } from './software.ts';

const specs = { edge: edgeConfig, bus: busConfig, owners: ownersConfig, trace: traceConfig, ...featureConfigs };

await runService('edge', specs, async ({ config, id, use, log: logger, metrics, health, announce, stop }) => {
  checkResumeWindow(config.edge.resumeWindowMs, config.bus.duplicateWindowMs);
  const opening = openBus(config.bus, { log: logger, metrics, name: id, deliversOwn: true });
  const bus = await use('bus', opening, (b) => b.close());
  const log = await use('log', openLog(config.bus, bus, { metrics, manage: false }), (l) => l.close());
  const records = await use('records', openRecords(config.bus, bus, { manage: false }), (r) => r.close());
  const sessionRecords = await use('session records', openSessionRecords(config.bus, bus, { manage: false }), (r) =>
    r.close(),
  );
  const beats = await use('beats', openBus(config.bus, { log: logger, name: `${id}-beats` }), (b) => b.close());
  const reports = answerReports(beats, { id, service: 'edge', metrics, health, log: logger });
  await use('reports', reports, (r) => r.unsubscribe());
  const traced = { config: config.trace, service: 'edge', id, users: config.runtime.logUsers };
  const tracer = await use('tracer', openTracer(traced), (t) => t?.close());
  const shared = {
    id,
    software: SOFTWARE,
    bus,
    beats,
    log,
    records,
    sessionRecords,
    logger,
    metrics,
    tracer,
    stopProcess: stop,
  };
  const options = { ...shared, config: config.edge, owners: config.owners, featureConfig: config };
  const edge = await use('edge', startEdge(options), (e) => e.stop(), {
    stopTimeoutMs: config.edge.drainMs + config.edge.stopMs,
  });
  announce({ ...edge.endpoints });
});
