import { type Random, seeded, shuffled } from '../random.ts';
import type { Cluster } from './cluster.ts';
import type { Memory, Phase, Scenario, SimulateOptions, SimulateResult } from './result.ts';
import { Stopwatch, type Work } from './stopwatch.ts';
import { SimulationBoundError, type VirtualTime } from './virtual-time.ts';

/** Before somebody logs in: processes find each other. */
const BEGIN_MS = 3_000;
/** Of the logins, those that are measured, and for how long at most: nearly everybody is there then. */
const STORM_SHARE = 0.2;
const STORM_SECONDS_MAX = 10;
/** Behind what is done, until all is told. */
const SETTLE_MS = 500;
/** Longer than between two beats of owners and edges. */
const QUIET_MS = 20_000;
/** Noticed after three seconds, and healed in as many more. */
const DEATH_MS = 15_000;
/** Of the pace, where there is little to collect. */
const SLOW_SHARE = 0.01;
const TICK_MS = 1;
/** How often is told how many have logged in. */
const TOLD_TIMES = 10;
const VIEWS_COMPARED_MAX = 2_000;
const BODY = 'x'.repeat(100);
const NOTHING = () => undefined;

/** One run: everybody logs in, then what the scenarios say. */
export class Play {
  readonly #options: SimulateOptions;
  readonly #time: VirtualTime;
  readonly #cluster: Cluster;
  readonly #watch: Stopwatch;
  readonly #tell: (line: string) => void;
  readonly #random: Random;
  /** Everybody who is simulated, in the order in which they log in. */
  readonly #people: Int32Array;
  readonly #phases: Phase[] = [];
  #statuses = 0;

  constructor(options: SimulateOptions, time: VirtualTime, cluster: Cluster, tell: (line: string) => void) {
    const { own } = cluster.population;
    this.#options = options;
    this.#time = time;
    this.#cluster = cluster;
    this.#tell = tell;
    this.#watch = new Stopwatch(time, cluster);
    this.#random = seeded(options.seed);
    this.#people = shuffled(this.#random, own.length).map((i) => own[i] ?? 0);
  }

  /** Who is simulated, as a part of everybody. */
  get #share(): number {
    return this.#people.length / this.#options.sessions;
  }

  /** Those that came to their end. */
  get phases(): readonly Phase[] {
    return this.#phases;
  }

  /** Returns '' when all has been played, else which bound was hit. */
  async all(): Promise<string> {
    try {
      await this.#time.pass(BEGIN_MS);
      await this.#everybody();
      const quiet = { name: 'nothing happens', unit: 'second', count: QUIET_MS / 1_000, seconds: QUIET_MS / 1_000 };
      await this.#phase({ ...quiet, reckoned: 'everything' }, () => this.#time.pass(QUIET_MS));
      for (const scenario of this.#options.scenarios) await this.#scenario(scenario);
      return '';
    } catch (error) {
      // Policy: what was measured before the bound is worth having; anything else is a mistake.
      if (!(error instanceof SimulationBoundError)) throw error;
      return error.message;
    }
  }

  /** Of some of the sessions, whether they have been shown what is there. */
  compareViews(): SimulateResult['views'] {
    const { online } = this.#cluster;
    const seen = [...online.keys()].filter((person) => this.#cluster.isSeen(person));
    const step = Math.max(1, Math.floor(seen.length / VIEWS_COMPARED_MAX));
    const compared = seen.filter((_, i) => i % step === 0);
    const wrong = compared.map((person) => this.#cluster.differenceOf(person)).filter((text) => text !== '');
    return { compared: compared.length, wrong: wrong.length, first: wrong[0] ?? '' };
  }

  /** What is left when some are taken away says what they took. The cluster is gone afterwards. */
  weigh(): Memory {
    const { online } = this.#cluster;
    const all = usedBytes();
    const { rss: rssBytes } = process.memoryUsage();
    const sessions = online.size;
    const seen = this.#cluster.drop('whole edges');
    const withoutWhole = usedBytes();
    this.#cluster.drop('other edges');
    const withoutEdges = usedBytes();
    this.#cluster.drop('owners');
    const withoutOwners = usedBytes();
    return {
      edgeBytesASession: Math.round((all - withoutWhole) / seen),
      ownerBytesASession: Math.round((withoutEdges - withoutOwners) / sessions),
      heapBytes: all,
      rssBytes,
    };
  }

  /**
   * Faster than the storm until most are there; the last ones are measured. Of those who are not simulated nearly all are there before: that
   * each of them logs in too would double the work, and at its end views and owners know the same.
   */
  async #everybody(): Promise<void> {
    const { others } = this.#cluster;
    const { rate, fill } = this.#options;
    const storm = Math.min(this.#people.length * STORM_SHARE, rate * this.#share * STORM_SECONDS_MAX);
    const measured = Math.ceil(storm);
    const before = this.#people.length - measured;
    const login = (from: number) => (i: number) => {
      const person = this.#people[from + i];
      if (person !== undefined) this.#cluster.login(person);
    };
    const step = Math.ceil(before / TOLD_TIMES);
    const [first, began] = [login(0), process.cpuUsage()];
    const firstAndTell = (i: number) => {
      first(i);
      if ((i + 1) % step === 0) this.#tell(`${i + 1} have logged in, ${cpuSeconds(began)} s of CPU`);
    };
    others.beThereBut(Math.ceil(measured / this.#share));
    await this.#play(before, rate * fill, firstAndTell, NOTHING);
    await this.#time.pass(SETTLE_MS);
    await this.#storm({ name: 'logins', unit: 'login', count: measured }, rate, login(before), () => others.login());
    others.loginAll();
    await this.#time.pass(SETTLE_MS);
  }

  async #scenario(scenario: Scenario): Promise<void> {
    const { rate } = this.#options;
    const { others } = this.#cluster;
    if (scenario === 'changes') {
      const [change, foreign] = [() => this.#change(), () => others.change()];
      await this.#storm({ name: 'changes of presence', unit: 'change' }, rate, change, foreign);
      const slow = { name: 'changes, a hundredth of the pace', unit: 'change' };
      await this.#storm(slow, rate * SLOW_SHARE, change, foreign);
    } else if (scenario === 'messages') {
      const foreign = () => {
        if (this.#random() < this.#share) others.message(this.#anybodySeen(), BODY);
      };
      await this.#storm(
        { name: 'messages', unit: 'message', reckoned: 'nothing' },
        rate,
        () => this.#message(),
        foreign,
      );
    } else await this.#death(scenario);
  }

  async #death(scenario: 'edge-death' | 'owner-death'): Promise<void> {
    this.#cluster.expectDeath();
    const isEdge = scenario === 'edge-death';
    const [name, unit] = isEdge ? ['an edge dies', 'session of it'] : ['an owner dies', 'session of its users'];
    const count = isEdge ? this.#cluster.killEdge() : this.#cluster.killOwner();
    const work = { name, unit, count, seconds: DEATH_MS / 1_000, reckoned: 'own' as const };
    await this.#phase(work, () => this.#time.pass(DEATH_MS));
  }

  #change(): void {
    this.#cluster.change(this.#anybody(), ++this.#statuses);
  }

  #message(): void {
    const from = this.#anybodySeen();
    const friends = this.#cluster.population.friends(from);
    this.#cluster.message(from, friends.find((friend) => this.#cluster.isSeen(friend)) ?? from, BODY);
  }

  /** Only on a whole edge somebody can talk. */
  #anybodySeen(): number {
    for (;;) {
      const person = this.#anybody();
      if (this.#cluster.isSeen(person)) return person;
    }
  }

  #anybody(): number {
    return this.#people[Math.floor(this.#random() * this.#people.length)] ?? 0;
  }

  /** Those who are simulated, and so many of the others as there are of them; for the time of the option if no count is given. */
  async #storm(
    { reckoned = 'own', ...what }: Pick<Work, 'name' | 'unit'> & Partial<Pick<Work, 'count' | 'reckoned'>>,
    pace: number,
    work: (i: number) => void,
    others: () => void,
  ): Promise<void> {
    const own = pace * this.#share;
    const count = what.count ?? Math.ceil(own * this.#options.seconds);
    await this.#phase({ ...what, count, seconds: count / own, reckoned }, async () => {
      await this.#play(count, pace, work, others);
      await this.#time.pass(SETTLE_MS);
    });
  }

  /** @param pace of the whole cluster, a second */
  async #play(count: number, pace: number, work: (i: number) => void, others: () => void): Promise<void> {
    const share = this.#share;
    const seconds = count / (pace * share);
    this.#every(count, pace * share, work);
    if (share < 1) this.#every(Math.round(seconds * pace * (1 - share)), pace * (1 - share), others);
    await this.#time.pass(seconds * 1_000 + TICK_MS);
  }

  #every(count: number, pace: number, work: (i: number) => void): void {
    const beginMs = this.#time.nowMs;
    let done = 0;
    const tick = () => {
      const due = Math.min(count, Math.ceil(((this.#time.nowMs - beginMs) / 1_000) * pace));
      while (done < due) work(done++);
      if (done < count) this.#time.after(TICK_MS, tick, this.#time.clients);
    };
    this.#time.after(TICK_MS, tick, this.#time.clients);
  }

  async #phase(work: Work, play: () => Promise<void>): Promise<void> {
    const began = process.cpuUsage();
    this.#phases.push(await this.#watch.measure(work, play));
    this.#tell(`${work.name}: ${work.count}, ${cpuSeconds(began)} s of CPU`);
  }
}

function cpuSeconds(since: NodeJS.CpuUsage): string {
  const { user, system } = process.cpuUsage(since);
  return ((user + system) / 1e6).toFixed(1);
}

/** Heap and buffers, without what is garbage; and without what `installUncountedMemory` has cut, which is for messages on their way. */
function usedBytes(): number {
  if (globalThis.gc === undefined) throw new Error('started without --expose-gc');
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
