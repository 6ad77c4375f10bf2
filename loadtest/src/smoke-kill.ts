// npm run smoke:kill: pairs talk over three edges while parts of the cluster are killed; nothing that was acknowledged may be missing.
import { parseArgs } from 'node:util';
import { ensureClusterNatsServer } from '@starling/local-servers';
import { oldestNatsServer } from './nats-binary.ts';
import { type PhaseOptions, type PhaseResult, runPhase } from './smoke/phase.ts';
import { UsageError } from './usage-error.ts';

const PAIRS = 24;
const SECONDS_A_PHASE = 20;
const SEED_RANGE = 1_000_000;
/** The second edge dies while the streams that the leader led stand still: with messages that it has read and not yet stored. */
const EDGE_AFTER_LEADER_MS = 300;

function killsWithin(seconds: number): PhaseOptions['kills'] {
  const leaderAfterMs = seconds * 600;
  return [
    { afterMs: seconds * 200, what: 'edge' },
    { afterMs: seconds * 400, what: 'archive' },
    { afterMs: leaderAfterMs, what: 'leader' },
    { afterMs: leaderAfterMs + EDGE_AFTER_LEADER_MS, what: 'edge' },
  ];
}

/** Resolves with the exit code: 0 when every promise was kept. @throws UsageError, Error when a cluster cannot run */
export async function smokeKill(args: readonly string[]): Promise<number> {
  const options = optionsOf(args);
  console.log(`smoke:kill --seed ${options.seed} --seconds ${options.seconds}`);
  const phases: PhaseOptions[] = [];
  const shared = { pairs: PAIRS, kills: killsWithin(options.seconds), seed: options.seed, seconds: options.seconds };
  // One node: all that dies comes back on the same ports and the same store. Three: nothing does.
  if (options.nats !== 3)
    phases.push({ ...shared, name: '1 NATS server', nats: 1, natsServer: oldestNatsServer(), restart: true });
  if (options.nats !== 1)
    phases.push({
      ...shared,
      name: '3 NATS servers',
      nats: 3,
      natsServer: ensureClusterNatsServer().path,
      restart: false,
    });
  const results: PhaseResult[] = [];
  for (const phase of phases) results.push(await runPhase(phase));
  print(results);
  return results.every(({ trouble }) => trouble.length === 0) ? 0 : 1;
}

interface Options {
  readonly seed: number;
  /** Of each phase. */
  readonly seconds: number;
  /** Undefined: both. */
  readonly nats: 1 | 3 | undefined;
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: String(SECONDS_A_PHASE) },
      seed: { type: 'string', default: String(Date.now() % SEED_RANGE) },
      nats: { type: 'string' },
    },
  });
  const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
  if (!(seconds >= 5 && seconds <= 3_600)) throw new UsageError('--seconds is a number from 5 to 3600');
  if (!Number.isInteger(seed)) throw new UsageError('--seed is a whole number');
  if (values.nats !== undefined && values.nats !== '1' && values.nats !== '3') throw new UsageError('--nats is 1 or 3');
  return { seconds, seed, nats: values.nats === undefined ? undefined : values.nats === '1' ? 1 : 3 };
}

function print(results: readonly PhaseResult[]): void {
  const columns = results.map((r) => [r.name, rowsOf(r)] as const);
  const names = Object.keys(columns[0]?.[1] ?? {});
  console.table(
    Object.fromEntries(names.map((name) => [name, Object.fromEntries(columns.map(([c, rows]) => [c, rows[name]]))])),
  );
  for (const { name, kills, trouble } of results) {
    for (const { afterSeconds, victim, longestStallMs } of kills)
      console.log(
        `${name}: kill -9 ${victim} after ${afterSeconds} s; longest wait for an answer then ${longestStallMs} ms`,
      );
    console.log(`${name}: ${trouble.length === 0 ? 'every promise kept' : `BROKEN: ${trouble.join('; ')}`}`);
  }
}

function rowsOf(result: PhaseResult): Readonly<Record<string, number | string>> {
  const { sent, acknowledged, archived, delivered, refused, broken } = result.verdict;
  return {
    sent,
    acknowledged,
    'archived once in both logs': archived,
    lost: broken.lost,
    'twice in a log': broken.twice,
    'out of order in a log': broken.outOfOrder,
    'in a log, never sent': broken.invented,
    'not written to the database': result.unwritten,
    'without an answer': broken.unanswered,
    'bounced after the answer': result.bounced,
    delivered,
    'not delivered to who was there': broken.undelivered,
    'delivered twice to a session': broken.deliveredTwice,
    'delivered out of order': broken.deliveredOutOfOrder,
    'refused, then sent again': refused,
    'logins anew': result.loginsAnew,
    'median answer, ms': result.medianAnswerMs,
    'longest stall, ms': result.longestStallMs,
    'archive caught up after, ms': result.catchUpMs,
  };
}
