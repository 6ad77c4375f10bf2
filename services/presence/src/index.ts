export { type PresenceConfig, presenceConfig } from './config.ts';
export { presenceMetrics } from './metrics.ts';
export { type Presence, type PresenceOptions, startPresence } from './presence.ts';
