import type { Endpoint } from './channel.ts';
import { type LocalSystem, type SystemOptions, startCluster, startEmbedded } from './cluster.ts';
import type { ReadyLine, ReadyProcess } from './ready-line.ts';

/** One process with everything in it, or processes on real NATS and PostgreSQL with one edge or three. */
export type WorldKind = 'embedded' | 'cluster-1' | 'cluster-3';

export type WorldOptions = Omit<SystemOptions, 'dataDir'>;

const HOST = '127.0.0.1';

const STARTS: Readonly<Record<WorldKind, (options: WorldOptions) => Promise<LocalSystem>>> = {
  embedded: startEmbedded,
  'cluster-1': (options) => startCluster({ ...options, edges: 1 }),
  'cluster-3': (options) => startCluster({ ...options, edges: 3 }),
};

/** A running Starling, seen from outside: where its edges listen. */
export class World {
  readonly kind: WorldKind;
  readonly ready: ReadyLine;

  constructor(kind: WorldKind, ready: ReadyLine) {
    this.kind = kind;
    this.ready = ready;
  }

  get domain(): string {
    return this.ready.domain;
  }

  get edges(): readonly ReadyProcess[] {
    return this.ready.processes.filter((p) => p.service === 'edge');
  }

  /** Where its NATS is; not embedded. @throws Error when it has none */
  get natsUrl(): string {
    const nats = this.ready.processes.find((p) => p.service === 'nats');
    if (nats?.port === undefined) throw new Error(`${this.kind} has no NATS of its own`);
    return `nats://${HOST}:${nats.port}`;
  }

  /** Where one edge listens; embedded, the one process is the edge. */
  endpoint(transport: Endpoint['transport'], edge = 0): Endpoint {
    const ports = this.edges[edge % Math.max(1, this.edges.length)] ?? this.ready.endpoints;
    const port = { tcp: ports.c2s, tls: ports.c2sTls, ws: ports.http }[transport] ?? 0;
    if (port === 0)
      throw new Error(`${this.kind}: edge ${edge} announces no port for ${transport}: ${JSON.stringify(this.ready)}`);
    return { transport, host: HOST, port };
  }
}

/** A world that this process has started, and must stop. */
export class OwnWorld extends World {
  readonly #system: LocalSystem;

  constructor(kind: WorldKind, system: LocalSystem) {
    super(kind, system.ready);
    this.#system = system;
  }

  /** The end of what it has logged. */
  get output(): string {
    return this.#system.output;
  }

  /** SIGTERM, and its end. @throws Error when it does not stop in time, not with 0, or leaves a process */
  stop(): Promise<void> {
    return this.#system.stop();
  }
}

/**
 * Starts a Starling of its own: new data folder, any ports.
 * @throws Error with its output when it does not get ready in time
 */
export async function startWorld(kind: WorldKind, options: WorldOptions = {}): Promise<OwnWorld> {
  return new OwnWorld(kind, await STARTS[kind](options));
}

const WORLD_KINDS = Object.keys(STARTS) as readonly WorldKind[];

/** Worlds that many test processes share. */
export interface SharedWorlds {
  /** For WORLDS_VARIABLE. */
  readonly ready: Readonly<Record<string, ReadyLine>>;
  stop(): Promise<void>;
}

/** Worlds that scripts/test.mjs has started for all files: kind → ready line, as JSON. */
export const WORLDS_VARIABLE = 'STARLING_TEST_WORLDS';

/** Starts one world of every kind. When one cannot start, none is left running. */
export async function startWorlds(options: WorldOptions = {}): Promise<SharedWorlds> {
  const started = await Promise.allSettled(WORLD_KINDS.map((kind) => startWorld(kind, options)));
  const worlds = started.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : []));
  const stop = async () => {
    const stopped = await Promise.allSettled(worlds.map((world) => world.stop()));
    for (const s of stopped) if (s.status === 'rejected') throw s.reason;
  };
  const failed = started.find((s) => s.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return { ready: Object.fromEntries(worlds.map((world) => [world.kind, world.ready])), stop };
}
