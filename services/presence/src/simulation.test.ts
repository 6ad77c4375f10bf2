import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { partitionOf, SUBSCRIPTION } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { FakeEdge, FakeSession } from './testing/fake-edge.ts';
import { differences, repetitions } from './testing/truth.ts';
import { until, World } from './testing/world.ts';

// A run is what its seed says, save for the order in which timers fire. To run one again: SIMULATION_SEED=<seed>; many: <first>-<last>.
const [FIRST = 1, LAST = FIRST] = (process.env.SIMULATION_SEED ?? '1-6').split('-').map(Number);
const SEEDS = Array.from({ length: LAST - FIRST + 1 }, (_, i) => FIRST + i);
const AT_ONCE = 6;
const STEPS = 120;
const USERS = Array.from({ length: 8 }, (_, i) => `user${i}@example.com`);
const RESOURCES = ['phone', 'laptop'];
const NODES_MAX = 4;
const EDGES_MAX = 3;
const LOSS = 0.15;
const DIGEST_MS = 50;
/** Partitions that are repaired with each digest: all of them in less than a second. */
const REPAIR_STEP = 16;
const HEALED_MS = 20_000;
/** After which it is known why it does not heal. */
const TOLD_MS = 2_000;
/** Whatever is on its way has arrived then. */
const STRAY_MS = 20;
const USER = /user\d+@example\.com/g;

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Simulation {
  readonly world = new World();
  readonly all: FakeSession[] = [];
  readonly #random: () => number;
  readonly #digests: NodeJS.Timeout;
  /** Rosters change in quiet times only: then it is known who was told what before, and that nobody is told a thing twice. */
  readonly isCalm: boolean;
  #names = 0;
  #isLossy = false;

  constructor(seed: number) {
    this.#random = randomOf(seed);
    this.isCalm = seed % 2 === 1;
    for (let i = 0; i < 3; i++) this.#addNode();
    for (let i = 0; i < 2; i++) this.#addEdge();
    this.#digests = setInterval(() => {
      for (const edge of this.world.edges.values()) {
        edge.sendDigests();
        edge.repair(REPAIR_STEP);
      }
    }, DIGEST_MS);
  }

  async run(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      await this.#step();
      if (this.#random() < 0.3) await sleep(this.#random() * 15);
    }
    this.#lose(false);
  }

  #lose(is: boolean): void {
    this.#isLossy = is;
    this.world.trace.add(is ? 'losses' : 'no losses');
  }

  async stop(): Promise<void> {
    clearInterval(this.#digests);
    await this.world.stop();
  }

  async #step(): Promise<void> {
    const { world } = this;
    const roll = this.#random();
    if (roll < 0.35) return this.#login();
    if (roll < 0.55) return this.#withSession((edge, session) => edge.show(session, `s${++this.#names}`));
    if (roll < 0.63) return this.#withSession((edge, session) => edge.hide(session));
    if (roll < 0.75) return this.#withSession((edge, session) => edge.end(session));
    if (roll < 0.85) return this.#changeRoster();
    if (roll < 0.88) this.#lose(!this.#isLossy);
    else if (roll < 0.9 && world.nodes.size > 1) world.killNode(this.#pick([...world.nodes.keys()]));
    else if (roll < 0.92 && world.nodes.size < NODES_MAX) this.#addNode();
    else if (roll < 0.94) world.node(this.#pick([...world.nodes.keys()])).membership.rejoin();
    else if (roll < 0.95) this.#restartNode(this.#pick([...world.nodes.keys()]));
    else if (roll < 0.97 && world.edges.size > 1) world.killEdge(this.#pick([...world.edges.keys()]));
    else if (roll < 0.98 && world.edges.size < EDGES_MAX) this.#addEdge();
    else world.restartEdge(this.#pick([...world.edges.keys()]));
  }

  async #login(): Promise<void> {
    const edge = this.#pick([...this.world.edges.values()]);
    const session = await edge.bind(this.#pick(USERS), this.#pick(RESOURCES));
    this.all.push(session);
    if (this.#random() < 0.9) edge.show(session, `s${++this.#names}`);
  }

  #withSession(work: (edge: FakeEdge, session: FakeSession) => void): void {
    const edge = this.#pick([...this.world.edges.values()]);
    const sessions = [...edge.sessions.values()];
    if (sessions.length > 0) work(edge, this.#pick(sessions));
  }

  async #changeRoster(): Promise<void> {
    const wasLossy = this.#isLossy;
    if (this.isCalm) {
      this.#lose(false);
      await sleep(STRAY_MS * 3);
      await this.healed();
    }
    const { roster } = this.world;
    const before = new Map(this.all.map((session) => [session, session.got.length]));
    const a = this.#pick(USERS);
    const b = this.#pick(USERS.filter((user) => user !== a));
    const roll = this.#random();
    if (roll < 0.5) roster.befriend(a, b);
    else if (roll < 0.6) {
      roster.set(a, b, SUBSCRIPTION.from);
      roster.set(b, a, SUBSCRIPTION.to);
    } else if (roll < 0.75) {
      roster.set(a, b, SUBSCRIPTION.none);
      roster.set(b, a, SUBSCRIPTION.none);
    } else roster.block(a, b, !roster.blocks(a, b));
    if (!this.isCalm) return;
    await this.healed();
    await sleep(STRAY_MS);
    // A new subscription is shown `always`: a probe that crosses it may have been first.
    for (const [session, length] of before) session.got.splice(length, Number.POSITIVE_INFINITY, '');
    this.#lose(wasLossy);
  }

  /** @throws Error with what is wrong, and what has happened to those whom it is about */
  async healed(): Promise<void> {
    const { world } = this;
    const sinceMs = performance.now();
    try {
      await until(() => {
        world.trace.isFull = performance.now() - sinceMs > TOLD_MS;
        return differences(world) === '';
      }, HEALED_MS);
      world.trace.isFull = false;
    } catch (error) {
      const wrong = differences(world);
      const owners = [...new Set(wrong.match(USER))].map((user) => `${user} in ${partitionOf(user as BareJid)}`);
      throw new Error(
        `${wrong}\n${owners.join(', ')}\n${world.trace.about(owners.map((o) => o.split(' ')[0] ?? ''))}`,
        {
          cause: error,
        },
      );
    }
  }

  #addNode(): void {
    const id = `presence-${++this.#names}`;
    this.world.addNode(id);
    this.#disturb(id);
  }

  #restartNode(id: string): void {
    this.world.restartNode(id);
    this.#disturb(id);
  }

  /** It may lose what it sends, and it hears late of who comes and goes. */
  #disturb(id: string): void {
    const { bus, membership, edges } = this.world.node(id);
    bus.loses = (subject) => this.#isLossy && /^(p\.[^.]+|edge\..*|u\..*)$/.test(subject) && this.#random() < LOSS;
    membership.delayMs = this.#random() * 20;
    edges.delayMs = this.#random() * 20;
  }

  #addEdge(): void {
    const edge = this.world.addEdge(`edge-${++this.#names}`);
    edge.watch.delayMs = this.#random() * 20;
    edge.bus.loses = (subject) => this.#isLossy && /^p\.[^.]+$/.test(subject) && this.#random() < LOSS;
  }

  #pick<T>(list: readonly T[]): T {
    const one = list[Math.floor(this.#random() * list.length)];
    assert.ok(one !== undefined);
    return one;
  }
}

// A run waits most of its time.
describe('whatever happens, in the end every view is the truth, and while rosters stay as they are nobody is told a thing twice', {
  concurrency: AT_ONCE,
}, () => {
  for (const seed of SEEDS) {
    it(`seed ${seed}`, async () => {
      const simulation = new Simulation(seed);
      try {
        await simulation.run(STEPS);
        await simulation.healed();
        if (simulation.isCalm) assert.equal(repetitions(simulation.all), '');
      } finally {
        await simulation.stop();
      }
    });
  }
});
