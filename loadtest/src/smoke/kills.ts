import type { Bus } from '@starling/bus';
import { partitionOf, streamName, streamOf } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { ReadyProcess, World } from '@starling/testkit';
import { oneOf, type Random } from '../random.ts';
import { signalOwn } from '../signal-own.ts';

const ANSWER_TIMEOUT_MS = 5_000;

/** A kill -9 that was done. */
export interface Kill {
  /** Of performance.now(). */
  readonly atMs: number;
  readonly victim: string;
}

/** Kills processes of a world, as its ready line names them, and nothing else. */
export class Killer {
  readonly kills: Kill[] = [];
  readonly #world: World;
  readonly #random: Random;
  readonly #killed = new Set<string>();

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  killOne(service: 'edge' | 'archive'): void {
    this.#kill(oneOf(this.#random, this.#of(service)));
  }

  /** The NATS server that leads the stream of this user's log. */
  async killLeader(bus: Bus, user: BareJid, streams: number): Promise<void> {
    const stream = streamOf(partitionOf(user), streams);
    const servers = this.#of('nats');
    const leader = servers.length === 1 ? servers[0]?.id : await leaderOf(bus, stream);
    const server = servers.find(({ id }) => id === leader);
    if (server === undefined) throw new Error(`stream ${stream} is led by ${leader}, which is none of ours`);
    this.#kill(server, ` (leader of ${streamName(stream)})`);
  }

  /** Those that still are what the ready line says: one that was started again has another pid. */
  #of(service: string): readonly ReadyProcess[] {
    return this.#world.ready.processes.filter((p) => p.service === service && !this.#killed.has(p.id));
  }

  #kill(victim: ReadyProcess, what = ''): void {
    signalOwn(this.#world, victim, 'SIGKILL');
    this.#killed.add(victim.id);
    this.kills.push({ atMs: performance.now(), victim: `${victim.id}${what}` });
  }
}

/** The name of the server that leads a stream. @throws Error when it has no leader */
export async function leaderOf(bus: Bus, stream: number): Promise<string> {
  const subject = `$JS.API.STREAM.INFO.${streamName(stream)}`;
  const answer = await bus.request(subject, new Uint8Array(0), ANSWER_TIMEOUT_MS);
  const { cluster } = JSON.parse(Buffer.from(answer).toString()) as { cluster?: { leader?: string } };
  if (cluster?.leader === undefined) throw new Error(`no leader of ${streamName(stream)}: ${Buffer.from(answer)}`);
  return cluster.leader;
}
