import { busConfig, openBus, openLog } from '@starling/bus';
import { runService } from '@starling/runtime';
import { edgeConfig } from './config.ts';
import { startEdge } from './edge.ts';
import { featureConfigs } from './feature-configs.ts';
import { SOFTWARE } from './software.ts';

const specs = { edge: edgeConfig, bus: busConfig, ...featureConfigs };

await runService('edge', specs, async ({ config, id, use, log: logger, metrics, announce }) => {
  const bus = await use('bus', openBus(config.bus, { log: logger, metrics, name: id }), (b) => b.close());
  const log = await use('log', openLog(config.bus, bus, { metrics, manage: false }), (l) => l.close());
  const options = { id, config: config.edge, featureConfig: config, software: SOFTWARE, bus, log, logger, metrics };
  const edge = await use('edge', startEdge(options), (e) => e.stop(), { stopTimeoutMs: config.edge.stopMs });
  announce({ ...edge.endpoints });
});
