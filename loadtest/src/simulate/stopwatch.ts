import type { Cluster } from './cluster.ts';
import type { Phase } from './result.ts';
import { scaled, type Tally, type TrafficKind } from './traffic.ts';
import type { Role, VirtualTime } from './virtual-time.ts';

/**
 * Of what is counted, what has to be reckoned for all edges because only whole ones do it: `own`, what they ask before a login and what they
 * show; `everything`, since nobody else does anything; `nothing`, since all of it happens there.
 */
export type Reckoning = 'own' | 'everything' | 'nothing';

/** What is measured: so many of something, within so many seconds. */
export interface Work {
  readonly name: string;
  readonly unit: string;
  readonly count: number;
  readonly seconds: number;
  readonly reckoned: Reckoning;
}

/** Measures what happens meanwhile, by part of the cluster. */
export class Stopwatch {
  readonly #time: VirtualTime;
  readonly #cluster: Cluster;

  constructor(time: VirtualTime, cluster: Cluster) {
    this.#time = time;
    this.#cluster = cluster;
  }

  async measure({ reckoned, ...work }: Work, play: () => Promise<void>): Promise<Phase> {
    const { network, written, wholeShare } = this.#cluster;
    network.traffic.take();
    const before = { ...written, atMs: this.#time.nowMs, cpu: process.cpuUsage() };
    const busyBefore = new Map(this.#time.actors.map((actor) => [actor, actor.busyMs]));
    await play();
    const { user, system } = process.cpuUsage(before.cpu);
    const busy = this.#time.actors.map((actor) => ({
      role: actor.role,
      ms: actor.busyMs - (busyBefore.get(actor) ?? 0),
    }));
    // Others on this machine stretch the time in which the work ran, for all alike; threads that collect garbage add to the CPU.
    const factor =
      (user + system) /
      Math.max(
        1,
        busy.reduce((sum, { ms }) => sum + ms, 0),
      );
    const more = reckoned === 'nothing' ? 1 : 1 / wholeShare;
    const factorOf = (role: Role) => (reckoned === 'everything' || role === 'edge' ? more : 1);
    const cpuUs: Partial<Record<Role, number>> = {};
    const busiestUs: Partial<Record<Role, number>> = {};
    for (const { role, ms } of busy) {
      const us = Math.round(ms * factor);
      cpuUs[role] = (cpuUs[role] ?? 0) + Math.round(us * factorOf(role));
      busiestUs[role] = Math.max(busiestUs[role] ?? 0, us);
    }
    return {
      ...work,
      toldAfterSeconds: Math.max(0, written.lastAtMs - before.atMs) / 1_000,
      traffic: Object.fromEntries(reckonedFor(network.traffic.take(), reckoned, more)),
      ...{ cpuUs, busiestUs },
      written: {
        stanzas: Math.round((written.stanzas - before.stanzas) * more),
        bytes: Math.round((written.bytes - before.bytes) * more),
      },
    };
  }
}

/** What edges without views do not ask. */
const ASKED_BY_WHOLE_EDGES: readonly TrafficKind[] = ['roster service', 'archive'];

function reckonedFor(traffic: ReadonlyMap<TrafficKind, Tally>, reckoned: Reckoning, more: number) {
  const isScaled = (kind: TrafficKind) =>
    reckoned === 'everything' ? kind !== 'digest' : ASKED_BY_WHOLE_EDGES.includes(kind);
  return Array.from(traffic, ([kind, tally]) => [kind, isScaled(kind) ? scaled(tally, more) : tally] as const);
}
