export { type EdgeConfig, edgeConfig } from './config.ts';
export { Edge, type EdgeOptions, startEdge } from './edge.ts';
export { featureConfigs } from './feature-configs.ts';
export type { Endpoints } from './listen/listeners.ts';
export { checkResumeWindow } from './resume-window.ts';
export { makeKeys, PasswordError } from './sasl/index.ts';
export { SOFTWARE } from './software.ts';
