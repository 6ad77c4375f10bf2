import { parseArgs } from 'node:util';
import { UsageError } from '../usage-error.ts';
import { isScenario, SCENARIOS, type Scenario } from './scripts.ts';

export interface K6Plan {
  readonly scenario: Scenario;
  /** What the scripts read (loadtest/k6/lib/settings.ts). */
  readonly env: Readonly<Record<string, string>>;
  readonly users: number;
  readonly rampSeconds: number;
  readonly seconds: number;
  /** Undefined: a cluster on this machine, with accounts of its own. */
  readonly url: string | undefined;
  readonly edges: number;
  readonly rollingRestart: boolean;
  readonly runner: 'auto' | 'k6' | 'stand-in';
  /** Where Prometheus takes what k6 measures. */
  readonly remoteWrite: string | undefined;
  /** Where the summary, and what `starling top` shows under way, are kept as pictures. */
  readonly svg: string | undefined;
  readonly topSvg: string | undefined;
  /** Where the script is written as one file, for where k6 gets no folders; then nothing is played. */
  readonly bundle: string | undefined;
}

const DEFAULT_SECONDS: Readonly<Record<Scenario, number>> = {
  chat: 60,
  login: 10,
  presence: 30,
  reconnect: 40,
  soak: 3_600,
};
/** Whoever is handed over is away for a second or two. */
const RESTART_DELIVERY_MS = '3000';
const RUNNERS = ['auto', 'k6', 'stand-in'] as const;

/** @throws UsageError */
export function planOf(args: readonly string[]): K6Plan {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      users: { type: 'string', default: '100' },
      seconds: { type: 'string' },
      ramp: { type: 'string', default: '10' },
      every: { type: 'string' },
      edges: { type: 'string', default: '3' },
      mechanism: { type: 'string', default: 'SCRAM-SHA-256' },
      url: { type: 'string' },
      domain: { type: 'string', default: 'localhost' },
      prefix: { type: 'string', default: 'k6-' },
      'rolling-restart': { type: 'boolean', default: false },
      runner: { type: 'string', default: 'auto' },
      'remote-write': { type: 'string' },
      svg: { type: 'string' },
      'top-svg': { type: 'string' },
      bundle: { type: 'string' },
    },
  });
  const [scenario = '', ...more] = positionals;
  if (!isScenario(scenario) || more.length > 0) throw new UsageError(`one scenario: ${SCENARIOS.join(', ')}`);
  const runner = RUNNERS.find((name) => name === values.runner);
  if (runner === undefined) throw new UsageError(`--runner is one of ${RUNNERS.join(', ')}`);
  const { mechanism, url, domain } = values;
  if (mechanism !== 'SCRAM-SHA-1' && mechanism !== 'SCRAM-SHA-256')
    throw new UsageError('--mechanism is SCRAM-SHA-1 or SCRAM-SHA-256');
  const isRolling = values['rolling-restart'];
  if (isRolling && url !== undefined)
    throw new UsageError('--rolling-restart is for a cluster of our own, without --url');
  const remoteWrite = values['remote-write'];
  if (remoteWrite !== undefined && runner === 'stand-in') throw new UsageError('--remote-write needs k6 itself');
  const users = whole('users', values.users, 2, 100_000);
  const seconds = whole('seconds', values.seconds ?? String(DEFAULT_SECONDS[scenario]), 5, 7 * 86_400);
  const rampSeconds = whole('ramp', values.ramp, 1, 3_600);
  const run = String(Date.now() % 1_000_000_000);
  const env = {
    ...{ USERS: String(users), SECONDS: String(seconds), RAMP_SECONDS: String(rampSeconds), MECHANISM: mechanism },
    ...{ DOMAIN: domain, PREFIX: values.prefix, RUN: run },
    ...(isRolling ? { DELIVERY_MS: RESTART_DELIVERY_MS } : {}),
    ...(values.every === undefined ? {} : { MESSAGE_SECONDS: String(whole('every', values.every, 1, 3_600)) }),
  };
  const edges = whole('edges', values.edges, 1, 9);
  const { svg, bundle } = values;
  return {
    ...{ scenario, env, users, rampSeconds, seconds, url, edges, rollingRestart: isRolling, runner, remoteWrite },
    ...{ svg, topSvg: values['top-svg'], bundle },
  };
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UsageError(`--${name} is a number from ${min} to ${max}`);
}
