// npm run chaos: hundreds of clients talk over a whole cluster while its parts die; what the guarantee promises is counted.
import { parseArgs } from 'node:util';
import { type ChaosWorld, withChaosWorld } from './chaos/chaos-world.ts';
import { keepReport, printRun, printTable, reportOf } from './chaos/report.ts';
import { type RunResult, runScenario } from './chaos/run-scenario.ts';
import { SCENARIOS, type Scenario } from './chaos/scenarios.ts';
import { Cliques } from './presence/people.ts';
import { sharedKeys } from './presence/scram.ts';
import { seedPeople } from './presence/seed-people.ts';
import { UsageError } from './usage-error.ts';

const CLIENTS = 200;
const SECONDS = 20;
const SEED_RANGE = 1_000_000;
const PASSWORD = 'chaos';
/** Of `--all`: seeds of each scenario, of the random one, and of the one that takes minutes. */
const SEEDS = 3;
const SEEDS_RANDOM = 10;
const SEEDS_LONG = 1;

export interface ChaosRun {
  readonly scenario: Scenario;
  readonly seed: number;
}

export interface ChaosOptions {
  readonly runs: readonly ChaosRun[];
  readonly clients: number;
  readonly seconds: number;
}

/** Resolves with the exit code: 0 when every promise was kept. @throws UsageError, Error when a cluster cannot run */
export async function chaos(args: readonly string[]): Promise<number> {
  const { options, isKept, isListed } = optionsOf(args);
  if (isListed) {
    for (const { name, does } of SCENARIOS) console.log(`${name.padEnd(24)} ${does}`);
    return 0;
  }
  const results = await runChaos(options, (line) => console.log(line), printRun);
  printTable(results);
  if (isKept) console.log(`kept in ${keepReport(reportOf(options.clients, results)).join(', ')}`);
  return results.every(({ trouble }) => trouble.length === 0) ? 0 : 1;
}

/** Runs with the same settings share one cluster. @throws Error when one cannot run */
export async function runChaos(
  { runs, clients, seconds }: ChaosOptions,
  tell: (line: string) => void,
  onResult: (result: RunResult) => void,
): Promise<readonly RunResult[]> {
  const results: RunResult[] = [];
  for (const group of groupsOf(runs)) {
    const settings = group[0]?.scenario.settings ?? {};
    await withChaosWorld(settings, async (world) => {
      const keys = sharedKeys(PASSWORD);
      const people = new Cliques({ groups: clients / 2, contacts: 1, domain: world.domain });
      await seed(world, people, keys);
      for (const { scenario, seed } of group) {
        tell(`${scenario.name} --seed ${seed}: ${scenario.does}`);
        const run = `r${results.length}x${seed}`;
        const result = await runScenario(world, people, keys, { scenario, seed, seconds, run });
        results.push(result);
        onResult(result);
      }
    });
  }
  return results;
}

async function seed(world: ChaosWorld, people: Cliques, keys: ReturnType<typeof sharedKeys>): Promise<void> {
  const db = await world.connectDb();
  try {
    await seedPeople(db, people, keys);
  } finally {
    await db.close();
  }
}

function groupsOf(runs: readonly ChaosRun[]): readonly (readonly ChaosRun[])[] {
  const groups = new Map<string, ChaosRun[]>();
  for (const run of runs) {
    const key = JSON.stringify(run.scenario.settings ?? {});
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()];
}

function optionsOf(args: readonly string[]): { options: ChaosOptions; isKept: boolean; isListed: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', multiple: true, default: ['kill-edge'] },
      all: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      seed: { type: 'string', default: String(Date.now() % SEED_RANGE) },
      seconds: { type: 'string', default: String(SECONDS) },
      clients: { type: 'string', default: String(CLIENTS) },
      keep: { type: 'boolean', default: false },
    },
  });
  const [seed, seconds, clients] = [Number(values.seed), Number(values.seconds), Number(values.clients)];
  if (!Number.isInteger(seed) || seed < 0) throw new UsageError('--seed is a whole number');
  if (!(seconds >= 5 && seconds <= 3_600)) throw new UsageError('--seconds is a number from 5 to 3600');
  if (!(clients >= 2 && clients <= 2_000 && clients % 2 === 0))
    throw new UsageError('--clients is an even number from 2 to 2000');
  const runs = values.all ? allRuns() : values.scenario.map((name) => ({ scenario: scenarioOf(name), seed }));
  return { options: { runs, clients, seconds }, isKept: values.all || values.keep, isListed: values.list };
}

function allRuns(): readonly ChaosRun[] {
  return SCENARIOS.flatMap((scenario) =>
    Array.from({ length: seedsOf(scenario) }, (_, i) => ({ scenario, seed: i + 1 })),
  );
}

const seedsOf = ({ name }: Scenario): number =>
  name === 'random' ? SEEDS_RANDOM : name === 'no-database-long' ? SEEDS_LONG : SEEDS;

export function scenarioOf(name: string): Scenario {
  const scenario = SCENARIOS.find((s) => s.name === name);
  if (scenario === undefined) throw new UsageError(`--scenario is one of ${SCENARIOS.map((s) => s.name).join(', ')}`);
  return scenario;
}
