import { vusOf } from './people.ts';
import type { Settings } from './settings.ts';

/** Beyond all that a run is to do, in seconds: then k6 ends it. */
const SPARE_SECONDS = 120;

/** Nothing is lost, nothing comes twice or out of order, everybody gets in. */
export const PROMISES = {
  login_failures: ['count==0'],
  sessions_lost: ['count==0'],
  messages_lost: ['count==0'],
  messages_duplicate: ['count==0'],
  messages_out_of_order: ['count==0'],
  messages_refused: ['count==0'],
} as const;

/** All virtual users at once, each through the whole run. */
export function optionsFor(settings: Settings, thresholds: Readonly<Record<string, readonly string[]>>) {
  const { rampSeconds, seconds, graceSeconds } = settings;
  const play = {
    executor: 'per-vu-iterations',
    vus: vusOf(settings),
    iterations: 1,
    maxDuration: `${rampSeconds + seconds + graceSeconds + SPARE_SECONDS}s`,
  } as const;
  const rules = Object.fromEntries(Object.entries(thresholds).map(([name, list]) => [name, [...list]]));
  // What scripts of one process say of themselves goes to Prometheus as tags (`k6 run -o experimental-prometheus-rw`).
  return {
    scenarios: { play },
    thresholds: rules,
    summaryTrendStats: ['avg', 'med', 'p(95)', 'p(99)', 'max', 'count'],
  };
}
