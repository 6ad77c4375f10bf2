/** Times for tests on real servers: long enough for a machine that has other work, too. */
export const FAST = {
  STARLING_HEARTBEAT_INTERVAL: '100ms',
  STARLING_DEAD_AFTER: '900ms',
  STARLING_FENCE_MARGIN: '200ms',
  STARLING_EVICTION_JITTER: '50ms',
} as const;
