// npm run simulate: what a cluster of a million sessions, or of ten, has to carry: the code itself, with a virtual clock and network.
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { keepFile, resultName } from './bench/results.ts';
import type { Told } from './simulate/child.ts';
import { linesOf } from './simulate/report.ts';
import {
  SCENARIOS,
  type Scenario,
  SIMULATE_SUFFIX,
  type SimulateOptions,
  type SimulateResult,
} from './simulate/result.ts';
import { UsageError } from './usage-error.ts';

/** design.md §11. */
const SESSIONS_AN_EDGE = 50_000;
const SPARE = 1.2;
const EDGES_MIN = 3;
/** A session takes as much memory in its edge as in its owner: of many, only some are on whole edges. */
const WHOLE_SESSIONS = 50_000;
const SESSIONS_AN_OWNER = 125_000;
const OWNERS_MIN = 2;
/** Times the pace: what happens on a clock meanwhile is not measured, and takes as long again for every second of it. */
const FILL = 10;
const CHILD = new URL('simulate/child.js', import.meta.url);
/** Young objects are many and die soon: a larger nursery keeps them from being moved. */
const NURSERY_MEGABYTES = 256;
/** Of what the heap may take: before that it is not worth looking for what of it is dead, as nearly nothing is. */
const UNCOLLECTED_SHARE = 0.6;

/** Resolves with the exit code: 1 when a view was wrong, something threw, or a bound was hit. @throws UsageError */
export async function simulate(args: readonly string[]): Promise<number> {
  const { options, isKept } = optionsOf(args);
  const result = await runInChild(options, (line) => console.log(line));
  console.log(linesOf(result).join('\n'));
  if (isKept && result.phases.length > 0)
    console.log(
      `kept in ${keepFile(`${resultName(result)}${SIMULATE_SUFFIX}`, `${JSON.stringify(result, null, 1)}\n`)}`,
    );
  return result.failures.length === 0 && result.views.wrong === 0 && result.stopped === '' ? 0 : 1;
}

/** @throws Error with what the run has thrown */
export function runInChild(options: SimulateOptions, tell: (line: string) => void): Promise<SimulateResult> {
  const heapMegabytes = Math.ceil(options.heapGigabytes * 1_024);
  const child = fork(CHILD, [], {
    execArgv: [
      '--expose-gc',
      '--enable-source-maps',
      `--max-old-space-size=${heapMegabytes}`,
      `--initial-old-space-size=${Math.floor(heapMegabytes * UNCOLLECTED_SHARE)}`,
      `--max-semi-space-size=${NURSERY_MEGABYTES}`,
    ],
    serialization: 'advanced',
  });
  return new Promise<SimulateResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`the simulation ended with ${code ?? signal}`)));
    child.on('message', (told: Told) => {
      if ('line' in told) tell(told.line);
      else if ('result' in told) resolve(told.result);
      else reject(new Error(told.error));
    });
    child.send(options);
  }).finally(() => child.kill('SIGKILL'));
}

function optionsOf(args: readonly string[]): { options: SimulateOptions; isKept: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sessions: { type: 'string', default: '100000' },
      contacts: { type: 'string', default: '50' },
      edges: { type: 'string' },
      'whole-edges': { type: 'string' },
      owners: { type: 'string' },
      share: { type: 'string', default: '1' },
      rate: { type: 'string', default: '10000' },
      fill: { type: 'string', default: String(FILL) },
      seconds: { type: 'string', default: '2' },
      scenarios: { type: 'string', default: SCENARIOS.join() },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '15' },
      heap: { type: 'string', default: '16' },
      'no-keep': { type: 'boolean', default: false },
    },
  });
  const sessions = Number(values.sessions);
  const share = Number(values.share);
  const edges = Number(values.edges ?? Math.max(EDGES_MIN, Math.ceil((sessions * SPARE) / SESSIONS_AN_EDGE)));
  const wholeEdges = Math.max(1, Math.floor(edges * Math.min(1, WHOLE_SESSIONS / (sessions * share))));
  const options = {
    ...{ sessions, edges },
    contacts: Number(values.contacts),
    wholeEdges: Math.min(edges, Number(values['whole-edges'] ?? wholeEdges)),
    owners: Number(values.owners ?? Math.max(OWNERS_MIN, Math.ceil(sessions / SESSIONS_AN_OWNER))),
    share,
    rate: Math.min(Number(values.rate), sessions),
    fill: Number(values.fill),
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    minutesMax: Number(values.minutes),
    heapGigabytes: Number(values.heap),
  };
  for (const [name, value] of Object.entries(options))
    if (!(value > 0)) throw new UsageError(`${name}: a number above 0`);
  const scenarios = values.scenarios.split(',').filter((name) => name !== '');
  for (const name of scenarios)
    if (!SCENARIOS.includes(name as Scenario)) throw new UsageError(`scenarios: some of ${SCENARIOS.join(', ')}`);
  if (share < 1 && scenarios.includes('owner-death'))
    throw new UsageError('owner-death: only with --share 1, since the dead one’s partitions go to all others');
  return { options: { ...options, scenarios: scenarios as Scenario[] }, isKept: !values['no-keep'] };
}
