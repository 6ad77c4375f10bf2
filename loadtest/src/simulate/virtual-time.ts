import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import { DueHeap } from './heap.ts';

/** What a process of the simulated cluster is; `crowd` are edges without views, `others` owners who are not simulated. */
export type Role = 'edge' | 'crowd' | 'presence' | 'roster' | 'archive' | 'nats' | 'clients' | 'others';

/** One process of the simulated cluster: what it does is charged to it. */
export interface Actor {
  readonly name: string;
  readonly role: Role;
  /** Real time in which its work ran. */
  busyMs: number;
  /** It was killed: what it would do yet does not happen. */
  isDead: boolean;
}

/** A run takes longer, in real time or in memory, than it may. */
export class SimulationBoundError extends Error {
  override readonly name = 'SimulationBoundError';
}

export interface VirtualTimeOptions {
  /** Unix time in ms at which it begins. */
  readonly startMs: number;
  /** Called now and then, with real time going on. @throws SimulationBoundError */
  readonly check: () => void;
}

/** Between two looks at the bounds of the run. */
const STEPS_A_CHECK = 4_096;

/** Between two turns of the real loop, which hears from other processes: a turn costs more than most pieces of work. */
const STEPS_A_TURN = 1_024;

const real = { setImmediate: globalThis.setImmediate, now: performance.now.bind(performance) };

/** Of real time, whatever the process takes for time. */
export const realNowMs = (): number => real.now();

/** Handed out where Node hands out a Timeout or an Immediate. */
class VirtualTimer {
  readonly work: () => void;
  readonly actor: Actor;
  readonly repeatMs: number;
  at = 0;
  order = 0;
  isOff = false;

  constructor(work: () => void, actor: Actor, repeatMs: number) {
    this.work = work;
    this.actor = actor;
    this.repeatMs = repeatMs;
  }

  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return !this.isOff;
  }
}

/**
 * Time that passes when nothing is left to do at the moment: all of a process's timers wait for it, and so do its clocks. Work takes none
 * of it. Between two pieces of work all promises settle, as between two callbacks of Node.
 */
export class VirtualTime {
  readonly #timers = new DueHeap<VirtualTimer>();
  readonly #check: () => void;
  /** Of the real loop's next turn. */
  #immediates: VirtualTimer[] = [];
  #due: VirtualTimer[] = [];
  #dueAt = 0;
  #order = 0;
  #steps = 0;
  #nowMs: number;
  #actor: Actor;
  #begunMs = 0;
  #untilMs = 0;
  #done: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  readonly #actors: Actor[] = [];
  readonly #outside: Actor;

  constructor({ startMs, check }: VirtualTimeOptions) {
    this.#nowMs = startMs;
    this.#check = check;
    this.#outside = this.newActor('clients', 'clients');
    this.#actor = this.#outside;
  }

  /** Unix time in ms, with fractions. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Who is at work. */
  get actor(): Actor {
    return this.#actor;
  }

  /** Who is at work when nobody else is: the simulation itself, and the clients. */
  get clients(): Actor {
    return this.#outside;
  }

  get actors(): readonly Actor[] {
    return this.#actors;
  }

  newActor(name: string, role: Role): Actor {
    const actor = { name, role, busyMs: 0, isDead: false };
    this.#actors.push(actor);
    return actor;
  }

  /** What the dead would do yet is forgotten, with all that it holds. */
  bury(): void {
    this.#timers.removeIf(({ actor }) => actor.isDead);
    this.#immediates = this.#immediates.filter(({ actor }) => !actor.isDead);
  }

  /** Does something at once on behalf of the actor, before time passes: timers that it starts are his. */
  as<T>(actor: Actor, work: () => T): T {
    const before = this.#actor;
    this.#actor = actor;
    try {
      return work();
    } finally {
      this.#actor = before;
    }
  }

  /** Pieces of work so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Does the work when so much time has passed, on behalf of the actor. */
  after(delayMs: number, work: () => void, actor: Actor = this.#actor): void {
    this.#add(new VirtualTimer(work, actor, 0), this.#nowMs + delayMs);
  }

  /** The same at a time. */
  at(atMs: number, work: () => void, actor: Actor = this.#actor): void {
    this.#add(new VirtualTimer(work, actor, 0), atMs);
  }

  /** Does the work next, behind what is to be done at once already. */
  soon(work: () => void, actor: Actor = this.#actor): void {
    this.#immediates.push(new VirtualTimer(work, actor, 0));
  }

  /** Resolves when so much time has passed. @throws what work or the check threw */
  pass(durationMs: number): Promise<void> {
    this.#untilMs = this.#nowMs + durationMs;
    return new Promise<void>((resolve, reject) => {
      this.#done = { resolve, reject };
      real.setImmediate(this.#step);
    });
  }

  /** Makes it the time of this process, for good. */
  install(): void {
    const start = (
      work: (...args: unknown[]) => void,
      delayMs: number | undefined,
      args: unknown[],
      repeats: boolean,
    ) => {
      const waitMs = Math.max(1, Math.trunc(delayMs ?? 0) || 0);
      const timer = new VirtualTimer(args.length === 0 ? work : () => work(...args), this.#actor, repeats ? waitMs : 0);
      this.#add(timer, this.#nowMs + waitMs);
      return timer;
    };
    const immediate = (work: (...args: unknown[]) => void, ...args: unknown[]) => {
      const timer = new VirtualTimer(args.length === 0 ? work : () => work(...args), this.#actor, 0);
      this.#immediates.push(timer);
      return timer;
    };
    const clear = (timer: unknown) => {
      if (timer instanceof VirtualTimer) timer.isOff = true;
    };
    Object.assign(globalThis, {
      setTimeout: (work: () => void, delayMs?: number, ...args: unknown[]) => start(work, delayMs, args, false),
      setInterval: (work: () => void, delayMs?: number, ...args: unknown[]) => start(work, delayMs, args, true),
      setImmediate: immediate,
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: clear,
    });
    Date.now = () => Math.floor(this.#nowMs);
    const begunMs = this.#nowMs;
    Object.defineProperty(performance, 'now', { value: () => this.#nowMs - begunMs });
    // Whoever has imported them by name gets these as well.
    Object.assign(timersPromises, {
      setTimeout: <T>(delayMs?: number, value?: T) =>
        new Promise((resolve) => start(() => resolve(value), delayMs, [], false)),
      setImmediate: <T>(value?: T) => new Promise((resolve) => immediate(() => resolve(value))),
    });
    syncBuiltinESMExports();
  }

  #add(timer: VirtualTimer, atMs: number): void {
    timer.at = atMs;
    timer.order = ++this.#order;
    this.#timers.push(timer);
  }

  /** One piece of work, then all promises, and now and then a turn of the real loop. */
  readonly #step = (): void => {
    const nowMs = real.now();
    this.#actor.busyMs += nowMs - this.#begunMs;
    this.#actor = this.#outside;
    try {
      if (++this.#steps % STEPS_A_CHECK === 0) this.#check();
      const timer = this.#next();
      this.#begunMs = real.now();
      if (timer === undefined) {
        this.#nowMs = this.#untilMs;
        this.#done?.resolve();
        return;
      }
      this.#actor = timer.actor;
      timer.work();
    } catch (error) {
      // Policy: a run in which something threw has no result.
      this.#done?.reject(error);
      return;
    }
    if (this.#steps % STEPS_A_TURN === 0) real.setImmediate(this.#step);
    else queueMicrotask(this.#settle);
  };

  /** Node empties its queue of ticks before that of promises, and that one again before the next tick: so all settle before the step. */
  readonly #settle = (): void => {
    process.nextTick(this.#step);
  };

  /** Immediates first; then time passes, as far as it may. */
  #next(): VirtualTimer | undefined {
    for (;;) {
      if (this.#dueAt >= this.#due.length) {
        this.#due = this.#immediates;
        this.#immediates = [];
        this.#dueAt = 0;
      }
      const immediate = this.#due[this.#dueAt++];
      const timer = immediate ?? this.#nextTimer();
      if (timer === undefined) return undefined;
      if (!timer.isOff && !timer.actor.isDead) return timer;
    }
  }

  #nextTimer(): VirtualTimer | undefined {
    const timer = this.#timers.first;
    if (timer === undefined || timer.at > this.#untilMs) return undefined;
    this.#timers.pop();
    this.#nowMs = Math.max(this.#nowMs, timer.at);
    if (timer.repeatMs > 0 && !timer.isOff && !timer.actor.isDead) this.#add(timer, timer.at + timer.repeatMs);
    return timer;
  }
}
