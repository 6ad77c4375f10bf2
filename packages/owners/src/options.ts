import type { Bus, Records } from '@starling/bus';
import type { Group } from '@starling/contracts';
import type { Logger, MetricsRegistry } from '@starling/runtime';
import type { Clock } from './clock.ts';
import type { OwnersConfig } from './config.ts';

export interface GroupOptions {
  readonly bus: Bus;
  readonly records: Records;
  readonly group: Group;
  readonly config: OwnersConfig;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** For tests. */
  readonly clock?: Clock;
}

export interface JoinOptions extends GroupOptions {
  /** Unique in the group: the process's own id. Who starts under the same id replaces its predecessor. */
  readonly id: string;
}

export interface WatchOptions extends GroupOptions {
  /** Whether this observer removes members that are silent too long, as the members do. */
  readonly evict: boolean;
}
