// npm run loadtest:k6 -- <scenario>: the scripts of loadtest/k6 against a cluster of our own, or any other.
import { writeFileSync } from 'node:fs';
import type { OwnWorld } from '@starling/testkit';
import { messagesWritten, untilArchived } from './k6/cluster-counts.ts';
import { findK6 } from './k6/find-k6.ts';
import { pictureOfTop } from './k6/picture-of-top.ts';
import { type K6Plan, planOf } from './k6/plan.ts';
import { Ring } from './k6/ring.ts';
import { rollingRestart } from './k6/rolling-restart.ts';
import { runK6 } from './k6/run-k6.ts';
import { type MetricSummary, runStandIn } from './k6/run-stand-in.ts';
import { bundleForK6 } from './k6/scripts.ts';
import { seedUsers } from './k6/seed-users.ts';
import { summarySvg } from './k6/summary-svg.ts';
import { troubleOf } from './k6/verdict.ts';
import { keepLogs, withWorld } from './own-world.ts';
import { usernameOf } from './presence/people.ts';
import { entriesWritten } from './stored.ts';
import { UsageError } from './usage-error.ts';

const PASSWORD = 'k6-secret';
/** Of the time in which everybody writes: when the first edge goes. */
const RESTART_AT_SHARE = 0.2;
/** And when it is looked at. */
const TOP_AT_SHARE = 0.5;
const MS_PER_SECOND = 1_000;

/** Connections are cut in them. */
const CUTTING: readonly string[] = ['reconnect', 'soak'];

type Metrics = Readonly<Record<string, MetricSummary>>;

/** Resolves with the exit code: 0 when all thresholds and counts hold. @throws UsageError, Error when the run cannot be done */
export async function k6(args: readonly string[]): Promise<number> {
  const plan = planOf(args);
  if (plan.bundle !== undefined) {
    await bundleForK6(plan.scenario, plan.bundle);
    return 0;
  }
  const trouble = await playK6(plan);
  console.log(trouble.length === 0 ? 'every promise kept' : `BROKEN: ${trouble.join('; ')}`);
  return trouble.length === 0 ? 0 : 1;
}

/** What was broken; empty: nothing. */
export function playK6(plan: K6Plan): Promise<readonly string[]> {
  const { url, edges } = plan;
  if (url !== undefined) return play(plan, { URL: url, PASSWORD: process.env.STARLING_K6_PASSWORD ?? PASSWORD });
  return withWorld({ edges, restart: true }, async (world) => {
    try {
      const trouble = await playHere(plan, world);
      return trouble.length === 0 ? trouble : [...trouble, `logs kept in ${keepLogs(world, 'k6')}`];
    } catch (cause) {
      throw new Error(`the run broke off; logs kept in ${keepLogs(world, 'k6')}`, { cause });
    }
  });
}

async function play(plan: K6Plan, env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return troubleOf(await runScript(plan, env), undefined);
}

async function playHere(plan: K6Plan, world: OwnWorld): Promise<readonly string[]> {
  const { users, rampSeconds, seconds } = plan;
  await seedUsers(world, new Ring(users, world.domain), PASSWORD);
  const env = {
    URL: `ws://127.0.0.1:${world.ready.endpoints.http}/xmpp-websocket`,
    ...{ DOMAIN: world.domain, PREFIX: usernameOf(0).slice(0, -1), PASSWORD },
  };
  const before = { delivered: await messagesWritten(world), archived: await entriesWritten(world) };
  const restartAfterMs = (rampSeconds + seconds * RESTART_AT_SHARE) * MS_PER_SECOND;
  const topAfterMs = (rampSeconds + seconds * TOP_AT_SHARE) * MS_PER_SECOND;
  const [metrics, restart] = await Promise.all([
    runScript(plan, env),
    plan.rollingRestart ? rollingRestart(world, restartAfterMs) : '',
    plan.topSvg === undefined ? undefined : pictureOfTop(world, plan.topSvg, topAfterMs),
  ]);
  const sent = metrics.messages_sent?.values.count ?? 0;
  const archived = (await untilArchived(world, before.archived + 2 * sent)) - before.archived;
  // Edges that were started again count anew, and what was written to a connection that is cut is written again.
  const isCountable = !plan.rollingRestart && !CUTTING.includes(plan.scenario);
  const delivered = isCountable ? (await messagesWritten(world)) - before.delivered : undefined;
  console.log(`the cluster: ${delivered ?? 'unknown'} messages written to clients, ${archived} entries archived`);
  return [...troubleOf(metrics, { delivered, archived }), ...(restart === '' ? [] : [restart])];
}

async function runScript(plan: K6Plan, own: Readonly<Record<string, string>>): Promise<Metrics> {
  const metrics = await playScript(plan, own);
  const { scenario, users, svg } = plan;
  if (svg !== undefined) writeFileSync(svg, summarySvg(`k6 ${scenario}, ${users} users`, metrics));
  return metrics;
}

/** By k6 where it is installed, unless the stand-in is asked for; what plays is told. */
async function playScript(
  { scenario, runner, env: planned, remoteWrite }: K6Plan,
  own: Readonly<Record<string, string>>,
): Promise<Metrics> {
  const env = { ...planned, ...own };
  const binary = runner === 'stand-in' ? undefined : findK6();
  if (binary !== undefined) {
    console.log(`k6 ${binary.version} plays ${scenario}`);
    return runK6(binary, scenario, env, remoteWrite);
  }
  if (runner === 'k6' || remoteWrite !== undefined)
    throw new UsageError('k6 is not installed: put it on PATH, or name it by STARLING_K6');
  console.log(
    `k6 is not ${runner === 'stand-in' ? 'wanted' : 'installed'}: Node plays ${scenario}.ts on a stand-in of its interface`,
  );
  return runStandIn(scenario, env);
}
