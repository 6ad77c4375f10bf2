import { ConfigError, type ConfigOf, configSpec, duration, int } from '@starling/runtime';

export const ownersConfig = configSpec({
  heartbeatMs: duration(
    'STARLING_HEARTBEAT_INTERVAL',
    '1s',
    { min: '10ms', max: '10s' },
    'between the heartbeats of a member; the same in the whole cluster',
  ),
  deadMs: duration(
    'STARLING_DEAD_AFTER',
    '3s',
    { min: '50ms', max: '60s' },
    'a member that is silent this long is dead; the same in the whole cluster, at least three heartbeats',
  ),
  fenceMarginMs: duration(
    'STARLING_FENCE_MARGIN',
    '500ms',
    { min: '5ms', max: '30s' },
    'a member that could not be heard stops acting this long before the others may think it dead',
  ),
  jitterMs: duration(
    'STARLING_EVICTION_JITTER',
    '250ms',
    { max: '5s' },
    'those who notice a death wait up to this long, so that one of them removes the dead member',
  ),
  changeAttemptsMax: int(
    'STARLING_MEMBERSHIP_ATTEMPTS_MAX',
    20,
    { min: 1, max: 1_000 },
    'how often a change of the membership document is tried again because somebody else has changed it',
  ),
  joinTimeoutMs: duration(
    'STARLING_JOIN_TIMEOUT',
    '30s',
    { min: '100ms', max: '10m' },
    'how long the start waits until it can read and write the membership document',
  ),
});

export type OwnersConfig = ConfigOf<typeof ownersConfig>;

const HEARTBEATS_A_DEAD_TIME = 3;

/** @throws ConfigError when the times do not fit together */
export function checkTimes({ heartbeatMs, deadMs, fenceMarginMs }: OwnersConfig): void {
  const problems: string[] = [];
  if (deadMs < heartbeatMs * HEARTBEATS_A_DEAD_TIME)
    problems.push('STARLING_DEAD_AFTER must be at least three times STARLING_HEARTBEAT_INTERVAL');
  // One lost heartbeat must not fence a member.
  if (deadMs - fenceMarginMs < heartbeatMs * (HEARTBEATS_A_DEAD_TIME - 1))
    problems.push('STARLING_FENCE_MARGIN must leave two heartbeats of STARLING_DEAD_AFTER');
  if (problems.length > 0) throw new ConfigError(problems);
}
