import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '@starling/bus';
import type { BareJid } from '@starling/jid';
import { type OwnWorld, registerAccount } from '@starling/testkit';
import { keepLogs, withWorld } from '../own-world.ts';
import { oneOf, type Random, seeded } from '../random.ts';
import { connectBus, connectDb, countRows, type LogNumbers, readNumbers } from '../stored.ts';
import { type Kill, Killer } from './kills.ts';
import { Talker } from './talker.ts';
import { isKept, judgeAll, type Verdict, type Way } from './verdict.ts';

export interface PhaseOptions {
  readonly name: string;
  readonly seed: number;
  /** Two talkers each. */
  readonly pairs: number;
  /** How long new messages are sent. */
  readonly seconds: number;
  readonly nats: 1 | 3;
  /** The program to run it by; undefined = whatever is found. */
  readonly natsServer: string | undefined;
  /** Whether what was killed is started again. */
  readonly restart: boolean;
  /** Who is killed, and how long after the start. */
  readonly kills: readonly { readonly afterMs: number; readonly what: 'edge' | 'archive' | 'leader' }[];
}

/** What came of one phase. */
export interface PhaseResult {
  readonly name: string;
  readonly verdict: Verdict;
  /** Entries of the logs that never became rows. */
  readonly unwritten: number;
  /** Errors about messages that had been acknowledged. */
  readonly bounced: number;
  readonly loginsAnew: number;
  /** From a message's first sending to its acknowledgement, in ms. */
  readonly medianAnswerMs: number;
  readonly longestStallMs: number;
  readonly kills: readonly {
    readonly afterSeconds: number;
    readonly victim: string;
    readonly longestStallMs: number;
  }[];
  /** From the last answer until both the archive and the database had everything. */
  readonly catchUpMs: number;
  readonly seconds: number;
  /** Empty when every promise was kept. */
  readonly trouble: readonly string[];
}

const EDGES = 3;
const ARCHIVES = 2;
const REGISTER_AT_ONCE = 8;
/** Open messages are answered, and lost connections replaced, within this time after the last new message. */
const ANSWERS_TIMEOUT_MS = 45_000;
/** What is stored has reached the database, and who was there, within this time. */
const CATCH_UP_TIMEOUT_MS = 30_000;
const POLL_MS = 250;
const REASONS_SHOWN = 5;
const ONE_BLOW_MS = 1_000;

/** Starts a cluster, lets pairs talk, kills, and looks at what became of the messages. @throws Error when it does not start or stop */
export async function runPhase(options: PhaseOptions): Promise<PhaseResult> {
  const { nats, natsServer, restart } = options;
  const settings = {
    STARLING_LOG_REPLICAS: String(nats),
    ...(natsServer === undefined ? {} : { STARLING_NATS_SERVER: natsServer }),
  };
  const cluster = { edges: EDGES, archive: ARCHIVES, nats, restart, settings };
  return withWorld(cluster, (world) => new Phase(world, options).run());
}

class Phase {
  readonly #world: OwnWorld;
  readonly #options: PhaseOptions;
  readonly #random: Random;
  readonly #killer: Killer;
  readonly #talkers: Talker[] = [];

  constructor(world: OwnWorld, options: PhaseOptions) {
    this.#world = world;
    this.#options = options;
    this.#random = seeded(options.seed);
    this.#killer = new Killer(world, seeded(options.seed + 1));
  }

  async run(): Promise<PhaseResult> {
    const { bus, streams } = await connectBus(this.#world);
    try {
      await this.#prepare();
      const startedMs = performance.now();
      for (const talker of this.#talkers) talker.start();
      await this.#kill(bus, streams, startedMs);
      await sleep(startedMs + this.#options.seconds * 1_000 - performance.now());
      for (const talker of this.#talkers) talker.stopSending();
      await until(ANSWERS_TIMEOUT_MS, () => this.#talkers.every((t) => t.open === 0));
      const answeredMs = performance.now();
      const { verdict, unwritten } = await this.#settle(bus, streams);
      const catchUpMs = performance.now() - answeredMs;
      return this.#result(verdict, unwritten, startedMs, catchUpMs);
    } catch (cause) {
      throw new Error(`${this.#options.name}: the run broke off; ${this.#keepLogs()}`, { cause });
    } finally {
      await Promise.all(this.#talkers.map((talker) => talker.close()));
      await bus.close();
    }
  }

  /** Accounts, two by two, over both transports, on all edges. */
  async #prepare(): Promise<void> {
    const { pairs, seed } = this.#options;
    const names = Array.from({ length: pairs }, (_, i) => [`romeo-${i}`, `juliet-${i}`] as const);
    const world = this.#world;
    const password = 'smoke';
    const waiting = names.flat();
    const register = async () => {
      for (let name = waiting.pop(); name !== undefined; name = waiting.pop())
        await registerAccount(world.endpoint('ws', waiting.length), world.domain, name, password);
    };
    await Promise.all(Array.from({ length: REGISTER_AT_ONCE }, register));
    for (const [romeo, juliet] of names) {
      for (const [username, peer] of [
        [romeo, juliet],
        [juliet, romeo],
      ] as const) {
        this.#talkers.push(
          new Talker({
            world,
            username,
            password,
            peer: `${peer}@${world.domain}`,
            transport: oneOf(this.#random, ['tcp', 'ws']),
            edge: Math.floor(this.#random() * EDGES),
            run: String(seed),
            random: seeded(Math.floor(this.#random() * 2 ** 32)),
          }),
        );
      }
    }
  }

  async #kill(bus: Bus, streams: number, startedMs: number): Promise<void> {
    for (const { afterMs, what } of this.#options.kills) {
      await sleep(startedMs + afterMs - performance.now());
      if (what !== 'leader') this.#killer.killOne(what);
      else await this.#killer.killLeader(bus, oneOf(this.#random, this.#talkers).user as BareJid, streams);
    }
  }

  /** Waits until everything is as it should be, or until it should have been: the last look is the one that counts. */
  async #settle(bus: Bus, streams: number): Promise<{ verdict: Verdict; unwritten: number }> {
    const db = await connectDb(this.#world);
    try {
      let last: { verdict: Verdict; unwritten: number } | undefined;
      await until(CATCH_UP_TIMEOUT_MS, async () => {
        const logs = new Map<string, LogNumbers>();
        for (const { user } of this.#talkers) logs.set(user, await readNumbers(bus, user, streams));
        const entries = [...logs.values()].reduce((sum, log) => sum + log.sent.length + log.received.length, 0);
        last = { verdict: judgeAll(this.#ways(logs)), unwritten: entries - (await countRows(db)) };
        return isKept(last.verdict) && last.unwritten === 0;
      });
      if (last === undefined) throw new Error(`the archive does not answer within ${CATCH_UP_TIMEOUT_MS} ms`);
      return last;
    } finally {
      await db.close();
    }
  }

  #ways(logs: ReadonlyMap<string, LogNumbers>): readonly Way[] {
    const receivers = new Map(this.#talkers.map((talker) => [talker.user, talker]));
    return this.#talkers.map(({ user, peer, sent }) => ({
      sent,
      inSenderLog: logs.get(user)?.sent ?? [],
      inRecipientLog: logs.get(peer)?.received ?? [],
      visits: receivers.get(peer)?.visits ?? [],
    }));
  }

  #result(verdict: Verdict, unwritten: number, startedMs: number, catchUpMs: number): PhaseResult {
    const talkers = this.#talkers;
    const sent = talkers.flatMap((talker) => talker.sent);
    const stallOf = (m: (typeof sent)[number]) => (m.acknowledgedAtMs ?? performance.now()) - m.sentAtMs;
    const stalls = sent.map(stallOf).sort((a, b) => a - b);
    const endOf = (m: (typeof sent)[number]) => m.acknowledgedAtMs ?? performance.now();
    const blows = blowsOf(this.#killer.kills);
    const kills = blows.map(({ atMs, victim }, i) => {
      // A wait belongs to the last blow before its end.
      const nextMs = blows[i + 1]?.atMs ?? Number.POSITIVE_INFINITY;
      const touched = sent.filter((m) => endOf(m) >= atMs && endOf(m) < nextMs);
      const longestStallMs = Math.round(touched.reduce((max, m) => Math.max(max, stallOf(m)), 0));
      return { afterSeconds: Math.round((atMs - startedMs) / 100) / 10, victim, longestStallMs };
    });
    const bounced = talkers.reduce((sum, talker) => sum + talker.bounced, 0);
    const trouble = this.#troubleOf(verdict, unwritten, bounced);
    return {
      name: this.#options.name,
      verdict,
      unwritten,
      bounced,
      loginsAnew: talkers.reduce((sum, talker) => sum + Math.max(0, talker.logins - 1), 0),
      medianAnswerMs: Math.round(stalls[Math.floor(stalls.length / 2)] ?? 0),
      longestStallMs: Math.round(stalls.at(-1) ?? 0),
      kills,
      catchUpMs: Math.round(catchUpMs),
      seconds: this.#options.seconds,
      trouble,
    };
  }

  #troubleOf(verdict: Verdict, unwritten: number, bounced: number): readonly string[] {
    const trouble = Object.entries({ ...verdict.broken, unwritten, bounced })
      .filter(([, count]) => count !== 0)
      .map(([what, count]) => `${count} ${what}`);
    if (verdict.acknowledged === 0) trouble.push('no message was acknowledged');
    if (trouble.length === 0) return trouble;
    const reasons = new Set(this.#talkers.map((talker) => talker.lastTrouble).filter(Boolean));
    for (const reason of [...reasons].slice(0, REASONS_SHOWN)) trouble.push(`a talker said: ${reason}`);
    trouble.push(this.#keepLogs());
    return trouble;
  }

  #keepLogs(): string {
    const folder = `smoke-kill/${this.#options.name.replaceAll(' ', '-')}`;
    return `logs kept in ${keepLogs(this.#world, folder)}`;
  }
}

/** Kills that come so soon after one another that nobody can tell whose fault a wait is. */
function blowsOf(kills: readonly Kill[]): readonly Kill[] {
  const blows: Kill[] = [];
  for (const kill of kills) {
    const last = blows.at(-1);
    if (last === undefined || kill.atMs - last.atMs > ONE_BLOW_MS) blows.push(kill);
    else blows[blows.length - 1] = { atMs: last.atMs, victim: `${last.victim} and ${kill.victim}` };
  }
  return blows;
}

/** Looks until it is so, or until the time is over. */
async function until(timeoutMs: number, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await isSoNow(isSo)) && performance.now() < deadlineMs) await sleep(POLL_MS);
}

async function isSoNow(isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await isSo();
  } catch {
    // Policy: whoever is asked may still be on its way back; when it never answers, the caller sees that nothing was told.
    return false;
  }
}
