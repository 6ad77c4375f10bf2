import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '../own-world.ts';
import type { K6Binary } from './find-k6.ts';
import type { MetricSummary } from './run-stand-in.ts';
import { SCRIPTS, type Scenario } from './scripts.ts';

/** k6's exit code when a threshold did not hold: its summary says which. */
const THRESHOLDS_FAILED = 99;

/** @param remoteWrite where Prometheus takes what k6 measures (its --web.enable-remote-write-receiver); undefined: nowhere. @throws Error when k6 fails */
export async function runK6(
  { path }: K6Binary,
  scenario: Scenario,
  env: Readonly<Record<string, string>>,
  remoteWrite: string | undefined,
): Promise<Readonly<Record<string, MetricSummary>>> {
  const folder = join(CACHE, 'k6');
  mkdirSync(folder, { recursive: true });
  const summary = join(folder, `summary-${process.pid}.json`);
  const variables = Object.entries({ ...env, SUMMARY: summary }).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const output = remoteWrite === undefined ? [] : ['-o', 'experimental-prometheus-rw', '--tag', `testid=${env.RUN}`];
  const child = spawn(path, ['run', '--quiet', ...output, ...variables, join(SCRIPTS, `${scenario}.ts`)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      ...(remoteWrite === undefined ? {} : { K6_PROMETHEUS_RW_SERVER_URL: remoteWrite }),
    },
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0 && code !== THRESHOLDS_FAILED) throw new Error(`k6 ended with ${code}`);
  const { metrics } = JSON.parse(readFileSync(summary, 'utf8')) as { metrics: Record<string, MetricSummary> };
  rmSync(summary);
  return metrics;
}
