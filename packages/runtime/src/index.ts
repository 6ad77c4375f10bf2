export {
  AdminError,
  type AdminHandler,
  type AdminOptions,
  type AdminReply,
  type AdminRequest,
  AdminServer,
} from './admin-server.ts';
export { type RuntimeConfig, runtimeConfig } from './config.ts';
export { type ConfigRow, describeConfig, helpText, printConfig, variableNames } from './config-describe.ts';
export {
  ConfigError,
  type ConfigSources,
  type ConfigsOf,
  loadConfig,
  type Origin,
  type Resolved,
  resolveConfig,
  type Specs,
} from './config-load.ts';
export * from './config-spec.ts';
export * from './deadline.ts';
export * from './fresh-answer.ts';
export * from './health.ts';
export * from './lifecycle.ts';
export * from './log.ts';
export * from './metrics.ts';
export { type ProcessMetricsOptions, showProcess } from './process-metrics.ts';
export { EXIT, type RunOptions, runService, type ServiceContext } from './run-service.ts';
export { Secret } from './secret.ts';
export * from './seldom.ts';
export { formatBytes, formatDurationMs, parseBytes, parseDurationMs } from './units.ts';
export { WHAT, type What } from './what.ts';
