import { setTimeout as sleep } from 'node:timers/promises';
import type { People } from '../presence/people.ts';
import type { SharedKeys } from '../presence/scram.ts';
import { between, oneOf, type Random, seeded } from '../random.ts';
import { readArchived } from './archived.ts';
import type { ChaosWorld } from './chaos-world.ts';
import { Crowd, until } from './crowd.ts';
import type { Blow, Scenario } from './scenarios.ts';
import { type Figures, troubleOf } from './verdict.ts';

/** What was sent reaches the database, and devices, within this time. */
const SETTLE_TIMEOUT_MS = 40_000;
/** Between what is sent at once and the kill. */
const IN_FLIGHT_MS = { min: 0, max: 25 } as const;
const TROUBLES = ['lost', 'storedTwice', 'stale'] as const;

export interface RunOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly seconds: number;
  /** Marks this run's messages: letters and digits. */
  readonly run: string;
}

export interface RunResult {
  readonly scenario: string;
  readonly seed: number;
  readonly seconds: number;
  readonly figures: Figures;
  readonly tookSeconds: number;
  /** Who, and after how many seconds. */
  readonly blows: readonly string[];
  /** Empty when every promise was kept. */
  readonly trouble: readonly string[];
  /** What clients were told when something ended. */
  readonly reasons: readonly string[];
}

/** One scenario with one seed, in a world that is whole before and behind it. @throws Error when it cannot be carried out */
export async function runScenario(
  world: ChaosWorld,
  people: People,
  keys: SharedKeys,
  options: RunOptions,
): Promise<RunResult> {
  const { scenario, seed, run } = options;
  const seconds = Math.max(options.seconds, scenario.secondsMin ?? 0);
  const random = seeded(seed);
  const startedMs = performance.now();
  const { endpoints } = world.world.ready;
  const crowd = new Crowd({
    people,
    keys,
    tcp: { transport: 'tcp', host: '127.0.0.1', port: endpoints.c2s },
    ws: { transport: 'ws', host: '127.0.0.1', port: endpoints.http },
    run,
    random: seeded(seed + 1),
    lonerEvery: scenario.lonerEvery,
    bodyCharsMin: scenario.bodyCharsMin ?? 0,
  });
  const since = Date.now();
  try {
    await crowd.enter();
    crowd.begin();
    const blows = new Blows(world, crowd, seeded(seed + 2));
    await Promise.all([blows.strike(scenario.blows(random, seconds)), sleep(seconds * 1_000)]);
    crowd.finish();
    await world.whole();
    await crowd.quiet();
    await crowd.compareRosters();
    await crowd.part();
    const figures = await settle(world, crowd, run, since);
    const trouble = [...troubleOf(figures, scenario.promises)];
    const reasons = [...crowd.reasons(), ...crowd.ghosts().slice(0, 3)];
    if (trouble.length > 0) trouble.push(`logs kept in ${await world.keepEvidence(`${scenario.name}-${seed}`)}`);
    const tookSeconds = Math.round((performance.now() - startedMs) / 1_000);
    return { scenario: scenario.name, seed, seconds, figures, tookSeconds, blows: blows.done, trouble, reasons };
  } catch (cause) {
    const logs = await world.keepEvidence(`${scenario.name}-${seed}`);
    throw new Error(`${scenario.name}, seed ${seed}: the run broke off; logs kept in ${logs}`, { cause });
  } finally {
    await crowd.close();
  }
}

/** The last look counts: what is still missing then is lost. */
async function settle(world: ChaosWorld, crowd: Crowd, run: string, since: number): Promise<Figures> {
  const db = await world.connectDb();
  try {
    let figures: Figures | undefined;
    await until(SETTLE_TIMEOUT_MS, async () => {
      const now = crowd.figures(await readArchived(db, run, since));
      figures = now;
      return TROUBLES.every((name) => now[name] === 0);
    });
    if (figures === undefined) throw new Error('nothing was looked at');
    return figures;
  } finally {
    await db.close();
  }
}

/** Carries out what a scenario says. */
class Blows {
  readonly done: string[] = [];
  readonly #world: ChaosWorld;
  readonly #crowd: Crowd;
  readonly #random: Random;
  readonly #startedMs = performance.now();

  constructor(world: ChaosWorld, crowd: Crowd, random: Random) {
    this.#world = world;
    this.#crowd = crowd;
    this.#random = random;
  }

  async strike(blows: readonly Blow[]): Promise<void> {
    await this.#crowd.loseLoners();
    for (const blow of blows) {
      await sleep(Math.max(0, this.#startedMs + blow.atMs - performance.now()));
      await this.#strike(blow);
    }
  }

  async #strike(blow: Blow): Promise<void> {
    const world = this.#world;
    switch (blow.kind) {
      case 'kill':
        await world.whole();
        for (const id of blow.services.map((service) => oneOf(this.#random, world.idsOf(service)))) this.#kill(id);
        return;
      case 'kill-in-flight':
        await world.whole();
        this.#crowd.burst();
        await sleep(between(this.#random, IN_FLIGHT_MS.min, IN_FLIGHT_MS.max));
        this.#kill(oneOf(this.#random, world.idsOf('edge')));
        return;
      case 'kill-leader': {
        await world.whole();
        const victim = await world.killLeader(oneOf(this.#random, this.#crowd.users), blow.backMs);
        this.#tell(`kill -9 ${victim}`);
        return;
      }
      case 'freeze':
        await this.#freeze(blow.forMs);
        return;
      case 'freeze-all':
        await this.#freezeAll(blow.forMs);
        return;
      case 'cut-off':
        await this.#cutOff(blow.forMs);
        return;
      case 'no-database':
        await this.#loseDatabase(blow.forMs, blow.killsArchive);
        return;
      case 'restart-edges':
        this.#tell('SIGTERM to the first edge');
        await world.restartEdges();
        this.#tell('all edges are back');
        return;
      case 'restart-all':
        this.#tell(blow.begin());
        await world.restartAll();
        this.#tell('everything is back');
    }
  }

  async #freeze(forMs: number): Promise<void> {
    const id = oneOf(this.#random, this.#world.idsOf('edge'));
    this.#world.signal(id, 'SIGSTOP');
    this.#tell(`SIGSTOP ${id}`);
    await sleep(forMs);
    this.#world.signal(id, 'SIGCONT');
    this.#tell(`SIGCONT ${id}`);
  }

  async #freezeAll(forMs: number): Promise<void> {
    const goOn = this.#world.freezeAll();
    this.#tell('SIGSTOP of all processes');
    await sleep(forMs);
    goOn();
    this.#tell('SIGCONT all');
  }

  async #cutOff(forMs: number): Promise<void> {
    const id = oneOf(this.#random, this.#world.idsOf('edge'));
    this.#world.cutOff(id);
    this.#tell(`${id} cut off from NATS`);
    await sleep(forMs);
    this.#world.heal();
    this.#tell(`${id} has NATS again`);
  }

  async #loseDatabase(forMs: number, killsArchive: boolean): Promise<void> {
    await this.#world.killDatabase();
    this.#tell('kill -9 PostgreSQL');
    await sleep(forMs / 2);
    if (killsArchive) this.#kill(oneOf(this.#random, this.#world.idsOf('archive')));
    await sleep(forMs / 2);
    await this.#world.returnDatabase();
    this.#tell('PostgreSQL is back');
  }

  #kill(id: string): void {
    this.#world.signal(id, 'SIGKILL');
    this.#tell(`kill -9 ${id}`);
  }

  #tell(what: string): void {
    const clock = new Date().toISOString().slice(14, 23);
    this.done.push(`${((performance.now() - this.#startedMs) / 1_000).toFixed(1)} s (${clock}): ${what}`);
  }
}
