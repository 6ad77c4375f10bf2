import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { groups } from '@starling/contracts';
import type { OwnWorld, ReadyProcess } from '@starling/testkit';
import { jidOf, Strangers } from '../presence/people.ts';
import { sharedKeys } from '../presence/scram.ts';
import { seedPeople } from '../presence/seed-people.ts';
import { oneOf, type Random, seeded } from '../random.ts';
import { signalOwn } from '../signal-own.ts';
import { connectDb, readMembers } from '../stored.ts';
import { LoadProcess } from './load-process.ts';
import type { CrowdReport } from './orders.ts';
import { ownersByWeight } from './owners.ts';
import { type Comparison, isEqual, NOTHING_COMPARED, type Run, type Step, sumOf } from './verdict.ts';
import { NO_FAULTS, type Numbers } from './view.ts';

export interface ScriptOptions {
  readonly sessions: number;
  readonly visitors: number;
  readonly contacts: number;
  readonly changesPerSecond: number;
  /** How long changes go on after each fault, before they stop for the check. */
  readonly seconds: number;
  /** How long a presence node is stopped. */
  readonly pauseSeconds: number;
  readonly seed: number;
}

/** What came of it, and what is worth telling besides. */
export interface ScriptResult extends Run {
  readonly loginSeconds: number;
  readonly leftOut: number;
  /** The first faults, with the time of each. */
  readonly incidents: readonly string[];
  readonly reasons: readonly string[];
}

const SIDES = 2;
const PASSWORD = 'smoke';
const SALT_BYTES = 16;
const POLL_MS = 50;
/** It is looked for longer than promised: how long it took is worth knowing. */
const LOOK_FOR_SECONDS = 25;
/** For so long the views stay as they are when nobody changes anything. */
const CALM_MS = 1_000;

/** Everybody comes online; then parts die, one after another, while everybody goes on; and each time all views have to become the truth. */
export class Script {
  readonly #world: OwnWorld;
  readonly #options: ScriptOptions;
  readonly #random: Random;
  readonly #tell: (line: string) => void;
  readonly #steps: Step[] = [];
  readonly #reports = new Map<number, CrowdReport>();
  /** One for each edge that lives. */
  #crowds: LoadProcess[] = [];
  #loginSeconds = 0;

  constructor(world: OwnWorld, options: ScriptOptions, tell: (line: string) => void) {
    this.#world = world;
    this.#options = options;
    this.#random = seeded(options.seed);
    this.#tell = tell;
  }

  /** @throws Error when it cannot be carried out */
  async run(): Promise<ScriptResult> {
    const { seconds, pauseSeconds } = this.#options;
    try {
      const owners = await this.#prepare();
      await this.#step('all online', () => this.#comeOnline(), 0);
      await this.#step('nothing dies', async () => performance.now(), seconds);
      const [most = '', ...others] = owners;
      await this.#step(`kill -9 ${most}`, () => this.#signal(this.#processOf(most), 'SIGKILL'), seconds);
      const stopped = oneOf(this.#random, others);
      await this.#step(
        `SIGSTOP ${stopped} for ${pauseSeconds} s`,
        () => this.#pause(this.#processOf(stopped)),
        seconds,
      );
      const side = oneOf(this.#random, this.#crowds).side;
      const edge = this.#edgeOf(side);
      await this.#step(`kill -9 ${edge.id}`, () => this.#killEdge(side, edge), seconds);
      return this.#result();
    } finally {
      await Promise.all(this.#crowds.map((crowd) => crowd.end()));
    }
  }

  /** Accounts, and the processes that will log in. The presence nodes, whoever owns most people first. */
  async #prepare(): Promise<readonly string[]> {
    const { sessions, visitors, contacts, seed } = this.#options;
    const { domain } = this.#world;
    const salt = randomBytes(SALT_BYTES);
    const people = new Strangers({ count: sessions + visitors, contacts, seed, domain });
    const db = await connectDb(this.#world);
    try {
      await seedPeople(db, people, sharedKeys(PASSWORD, salt));
    } finally {
      await db.close();
    }
    for (let side = 0; side < SIDES; side++) {
      const { c2s: port = 0 } = this.#edgeOf(side);
      const of = { side, sides: SIDES, port, domain, salt, password: PASSWORD };
      this.#crowds.push(await LoadProcess.open({ ...of, sessions, visitors, contacts, seed }));
    }
    const members = await readMembers(this.#world, groups.presence);
    const users = Array.from({ length: people.count }, (_, person) => jidOf(person, domain));
    const owners = ownersByWeight(members, users);
    if (owners.length < 3) throw new Error(`three presence nodes are needed, not ${owners.join(', ')}`);
    return owners;
  }

  async #comeOnline(): Promise<number> {
    const startedMs = performance.now();
    await Promise.all(this.#crowds.map((crowd) => crowd.tell('logIn', null)));
    this.#loginSeconds = secondsSince(startedMs);
    return performance.now();
  }

  /** Something happens while everybody goes on; from the time that it returns on is counted. */
  async #step(name: string, happens: () => Promise<number>, seconds: number): Promise<void> {
    const { changesPerSecond } = this.#options;
    if (seconds > 0) await this.#beginAll(changesPerSecond);
    const begunAtMs = Date.now();
    const atMs = await happens();
    await sleep(seconds * 1_000);
    const truth = await this.#truth();
    const check = await this.#check(truth, atMs);
    const reports = await this.#report();
    const waits = seconds === 0 ? [] : reports.flatMap((r) => r.waitsMs).sort((a, b) => a - b);
    const lastLateMs = Math.max(...reports.map((r) => r.lastLateMs));
    const isLate = seconds > 0 && lastLateMs > begunAtMs;
    const step: Step = {
      name,
      ...check,
      lateForSeconds: isLate ? Math.round((lastLateMs - begunAtMs) / 10) / 100 : undefined,
      changes: sum(reports.map((r) => r.changes)),
      delivered: sum(reports.map((r) => r.delivered)),
      waits: { medianMs: waits[Math.floor(waits.length / 2)] ?? 0, longestMs: waits.at(-1) ?? 0 },
      logins: {
        count: sum(reports.map((r) => r.logins.count)),
        refused: sum(reports.map((r) => r.logins.refused)),
        longestMs: Math.max(...reports.map((r) => r.logins.longestMs)),
      },
    };
    this.#steps.push(step);
    this.#tell(
      `${new Date().toISOString()} ${name}: ${step.equalAfterSeconds === undefined ? 'never equal' : `equal after ${step.equalAfterSeconds} s`}`,
    );
  }

  async #beginAll(changesPerSecond: number): Promise<void> {
    const each = { changesPerSecond: changesPerSecond / this.#crowds.length };
    await Promise.all(this.#crowds.map((crowd) => crowd.tell('begin', each)));
  }

  /** Stops all changes; what is so from then on. */
  async #truth(): Promise<Numbers> {
    const parts = await Promise.all(this.#crowds.map((crowd) => crowd.tell('pause', null)));
    const truth = new Int32Array(this.#options.sessions + this.#options.visitors);
    for (const part of parts) for (const [person, number] of part.entries()) if (number > 0) truth[person] = number;
    return truth;
  }

  /** Looks until all views are equal to the truth, and whether they stay so. */
  async #check(truth: Numbers, atMs: number): Promise<Pick<Step, 'equalAfterSeconds' | 'comparison' | 'relapsed'>> {
    let comparison = NOTHING_COMPARED;
    for (;;) {
      comparison = await this.#compare(truth);
      const seconds = secondsSince(atMs);
      if (isEqual(comparison)) {
        await sleep(CALM_MS);
        const later = await this.#compare(truth);
        return { equalAfterSeconds: seconds, comparison: later, relapsed: !isEqual(later) };
      }
      if (seconds > LOOK_FOR_SECONDS) return { equalAfterSeconds: undefined, comparison, relapsed: false };
      await sleep(POLL_MS);
    }
  }

  async #compare(truth: Numbers): Promise<Comparison> {
    return sumOf(await Promise.all(this.#crowds.map((crowd) => crowd.tell('compare', { truth }))));
  }

  async #report(): Promise<readonly CrowdReport[]> {
    const reports: CrowdReport[] = [];
    for (const crowd of this.#crowds) {
      const report = await crowd.tell('report', null);
      this.#reports.set(crowd.side, report);
      reports.push(report);
    }
    return reports;
  }

  async #signal(victim: ReadyProcess, signal: NodeJS.Signals): Promise<number> {
    signalOwn(this.#world, victim, signal);
    return performance.now();
  }

  async #pause(victim: ReadyProcess): Promise<number> {
    signalOwn(this.#world, victim, 'SIGSTOP');
    try {
      await sleep(this.#options.pauseSeconds * 1_000);
    } finally {
      signalOwn(this.#world, victim, 'SIGCONT');
    }
    return performance.now();
  }

  /** Whoever was there is gone; the others make all the changes from now on. */
  async #killEdge(side: number, edge: ReadyProcess): Promise<number> {
    await Promise.all(this.#crowds.map((crowd) => crowd.tell('sideDies', { side })));
    const atMs = await this.#signal(edge, 'SIGKILL');
    await this.#report(); // its own counts, for the last time
    const dead = this.#crowds.find((crowd) => crowd.side === side);
    this.#crowds = this.#crowds.filter((crowd) => crowd !== dead);
    await dead?.end();
    return atMs;
  }

  #result(): ScriptResult {
    const reports = [...this.#reports.values()];
    const faults = { ...NO_FAULTS };
    for (const report of reports)
      for (const name of Object.keys(faults) as (keyof typeof faults)[]) faults[name] += report.faults[name];
    return {
      steps: this.#steps,
      faults,
      lost: sum(reports.map((r) => r.lost)),
      loginSeconds: this.#loginSeconds,
      leftOut: sum(reports.map((r) => r.leftOut)),
      incidents: reports.flatMap((r) => r.incidents),
      reasons: [...new Set(reports.flatMap((r) => r.reasons))],
    };
  }

  #edgeOf(side: number): ReadyProcess {
    return this.#processOf(`edge-${side + 1}`);
  }

  #processOf(id: string): ReadyProcess {
    const found = this.#world.ready.processes.find((process) => process.id === id);
    if (found === undefined) throw new Error(`no process ${id}`);
    return found;
  }
}

const secondsSince = (atMs: number): number => Math.round((performance.now() - atMs) / 10) / 100;
const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
