// npm run smoke:presence: thousands of sessions watch one another while presence nodes and an edge die; all views become the truth again.
import { parseArgs } from 'node:util';
import { cpuOfParts } from './bench/measure.ts';
import { keepLogs, withWorld } from './own-world.ts';
import { Script, type ScriptOptions, type ScriptResult } from './smoke-presence/script.ts';
import { type Difference, type Step, troubleOf } from './smoke-presence/verdict.ts';
import { UsageError } from './usage-error.ts';

const SEED_RANGE = 1_000_000;
const EDGES = 2;
const PRESENCE_NODES = 3;

/** For `--small`: a minute at most. */
const SMALL = { sessions: 300, contacts: 10, visitors: 8, pauseSeconds: 6 } as const;
const FULL = { sessions: 10_000, contacts: 20, visitors: 16, pauseSeconds: 10 } as const;

export interface PresenceRun {
  readonly result: ScriptResult;
  /** Empty when every promise was kept. */
  readonly trouble: readonly string[];
}

/** Resolves with the exit code: 0 when every promise was kept. @throws UsageError, Error when the cluster cannot run */
export async function smokePresence(args: readonly string[]): Promise<number> {
  const options = optionsOf(args);
  const { sessions, contacts, changesPerSecond, seed, seconds } = options;
  console.log(
    `smoke:presence --seed ${seed} --sessions ${sessions} --contacts ${contacts} --changes ${changesPerSecond} --seconds ${seconds}`,
  );
  const { result, trouble } = await runPresence(options, console.log);
  print(result);
  console.log(trouble.length === 0 ? 'every promise kept' : `BROKEN: ${trouble.join('; ')}`);
  return trouble.length === 0 ? 0 : 1;
}

/** A cluster for one script. @throws Error when it cannot be carried out */
export async function runPresence(options: ScriptOptions, tell: (line: string) => void): Promise<PresenceRun> {
  const cluster = { edges: EDGES, presence: PRESENCE_NODES };
  return withWorld(cluster, async (world) => {
    const logs = () => `logs kept in ${keepLogs(world, 'smoke-presence')}`;
    try {
      const result = await new Script(world, options, tell).run();
      const trouble = troubleOf(result);
      for (const [part, cpuUs] of Object.entries(cpuOfParts(world)))
        if (part !== 'generator') tell(`CPU of ${part}: ${(cpuUs / 1_000_000).toFixed(1)} s`);
      return { result, trouble: trouble.length === 0 ? trouble : [...trouble, logs()] };
    } catch (cause) {
      throw new Error(`the run broke off; ${logs()}`, { cause });
    }
  });
}

function optionsOf(args: readonly string[]): ScriptOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      small: { type: 'boolean', default: false },
      sessions: { type: 'string' },
      contacts: { type: 'string' },
      changes: { type: 'string', default: '50' },
      seconds: { type: 'string', default: '5' },
      pause: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % SEED_RANGE) },
    },
  });
  const usual = values.small ? SMALL : FULL;
  const options = {
    sessions: Number(values.sessions ?? usual.sessions),
    contacts: Number(values.contacts ?? usual.contacts),
    visitors: usual.visitors,
    changesPerSecond: Number(values.changes),
    seconds: Number(values.seconds),
    pauseSeconds: Number(values.pause ?? usual.pauseSeconds),
    seed: Number(values.seed),
  };
  for (const name of ['sessions', 'contacts', 'changesPerSecond', 'seconds', 'pauseSeconds'] as const)
    if (!(options[name] > 0)) throw new UsageError(`${name} has to be a number above 0`);
  for (const name of ['sessions', 'contacts', 'seed'] as const)
    if (!Number.isInteger(options[name])) throw new UsageError(`--${name} is a whole number`);
  return options;
}

function print({ steps, faults, lost, loginSeconds, leftOut, incidents, reasons }: ScriptResult): void {
  console.table(Object.fromEntries(steps.map((step) => [step.name, rowOf(step)])));
  console.table({
    ...faults,
    'connections lost': lost,
    'left out, as newer ones overtook them': leftOut,
    'seconds until all were in': loginSeconds,
  });
  for (const { name, comparison } of steps)
    for (const difference of comparison.differences) console.log(`${name}: ${describe(difference)}`);
  for (const incident of incidents) console.log(incident);
  for (const reason of reasons) console.log(`a session said: ${reason}`);
}

const rowOf = ({ equalAfterSeconds, lateForSeconds, comparison, changes, delivered, waits, logins }: Step) => ({
  'equal after, s': equalAfterSeconds ?? 'never',
  'last late presence after, s': lateForSeconds ?? '',
  lines: comparison.compared,
  ghosts: comparison.ghost,
  missing: comparison.missing,
  stale: comparison.stale,
  changes,
  delivered,
  'median wait, ms': waits.medianMs,
  'longest wait, ms': waits.longestMs,
  logins: logins.count,
  'logins refused': logins.refused,
  'longest login, ms': logins.longestMs,
});

const describe = ({ kind, watcher, contact, seen, truth }: Difference): string =>
  `${kind}: p${watcher} has p${contact} at ${seen}, which is at ${truth}`;
