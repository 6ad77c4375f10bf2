import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus, busConfig, openBus } from '@starling/bus';
import { partitionOf, streamName, streamOf } from '@starling/contracts';
import { type Db, dbConfig, openDb } from '@starling/db';
import type { BareJid } from '@starling/jid';
import { ensureClusterNatsServer, type NatsServer, Postgres, startNatsCluster } from '@starling/local-servers';
import { loadConfig } from '@starling/runtime';
import { isAlive, type OwnWorld, processesWith } from '@starling/testkit';
import { keepLogs, withWorld } from '../own-world.ts';
import { leaderOf } from '../smoke/kills.ts';
import { NatsProxy } from './nats-proxy.ts';

export const EDGES = 3;
const TWO_OF_EACH = { archive: 2, roster: 2, presence: 2 } as const;
const NATS_SERVERS = 3;
const POLL_MS = 100;
const BACK_TIMEOUT_MS = 90_000;
const HOST = '127.0.0.1';

const SERVICES = ['edge', 'archive', 'roster', 'presence'] as const;

export type Service = (typeof SERVICES)[number];

/**
 * The whole cluster with hands on all its parts: NATS and PostgreSQL are the harness's own, with a proxy in front of each NATS server. What is
 * killed comes back: services after a second, by the cluster's supervisor; NATS and PostgreSQL when they are told to.
 */
export class ChaosWorld {
  readonly world: OwnWorld;
  readonly streams: number;
  readonly #servers: readonly NatsServer[];
  readonly #proxies: readonly NatsProxy[];
  readonly #postgres: Postgres;

  constructor(
    world: OwnWorld,
    parts: {
      readonly servers: readonly NatsServer[];
      readonly proxies: readonly NatsProxy[];
      readonly postgres: Postgres;
      readonly streams: number;
    },
  ) {
    this.world = world;
    this.streams = parts.streams;
    this.#servers = parts.servers;
    this.#proxies = parts.proxies;
    this.#postgres = parts.postgres;
  }

  get domain(): string {
    return this.world.domain;
  }

  /** The ids of all processes of a service. */
  idsOf(service: Service): readonly string[] {
    return this.world.ready.processes.filter((p) => p.service === service).map(({ id }) => id);
  }

  /** Sends a signal to a process as it is now. @throws Error when it is not there */
  signal(id: string, signal: NodeJS.Signals): number {
    const pid = this.#pidOf(id);
    if (pid === undefined) throw new Error(`${id} is not running`);
    process.kill(pid, signal);
    return pid;
  }

  /** SIGSTOP of all processes that there are; returns what lets them go on. */
  freezeAll(): () => void {
    const pids = SERVICES.flatMap((service) => this.idsOf(service)).flatMap((id) => this.#pidOf(id) ?? []);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    return () => {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    };
  }

  /** One after another, each as an upgrade does it: SIGTERM, its end, and the next one when it serves again. */
  async restartEdges(): Promise<void> {
    await this.#restart(this.idsOf('edge'));
  }

  /** Likewise all that there is, edges last. */
  async restartAll(): Promise<void> {
    await this.#restart(['archive', 'roster', 'presence', 'edge'].flatMap((service) => this.idsOf(service as Service)));
  }

  async #restart(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const pid = this.signal(id, 'SIGTERM');
      await until(`the end of ${id}`, async () => !isAlive(pid));
      await until(`the return of ${id}`, () => this.#serves(id));
    }
  }

  /** Kills the NATS server that leads the stream of a user's log; returns its name. It comes back after `backMs`. */
  async killLeader(user: string, backMs: number): Promise<string> {
    const stream = streamOf(partitionOf(user as BareJid), this.streams);
    const bus = await this.#connectBus();
    try {
      const name = await leaderOf(bus, stream);
      const server = this.#servers.find((s) => s.name === name);
      if (server === undefined) throw new Error(`stream ${stream} is led by ${name}, which is none of ours`);
      await server.kill();
      this.#returning.push(sleep(backMs).then(() => server.restart(NATS_SERVERS)));
      return `${name}, leader of ${streamName(stream)}`;
    } finally {
      await bus.close();
    }
  }

  readonly #returning: Promise<void>[] = [];

  cutOff(id: string): void {
    for (const proxy of this.#proxies) proxy.cut(id);
  }

  heal(): void {
    for (const proxy of this.#proxies) proxy.heal();
  }

  killDatabase(): Promise<void> {
    return this.#postgres.kill();
  }

  returnDatabase(): Promise<void> {
    return this.#postgres.startAgain();
  }

  /** Resolves when everything is there again. @throws Error when that takes too long */
  async whole(): Promise<void> {
    await Promise.all(this.#returning.splice(0));
    for (const service of SERVICES)
      for (const id of this.idsOf(service)) await until(`the return of ${id}`, () => this.#serves(id));
  }

  /** What its processes and clients have to say when a promise was broken: logs and metrics; returns the folder. */
  async keepEvidence(name: string): Promise<string> {
    const folder = keepLogs(this.world, `chaos/${name}`);
    for (const service of SERVICES)
      for (const id of this.idsOf(service)) {
        // Policy: who is not there has no metrics.
        const metrics = await this.#ask(id, '/metrics').catch(() => '');
        writeFileSync(join(folder, `${id}.metrics`), metrics);
      }
    return folder;
  }

  /** A connection to its database; the caller closes it. */
  connectDb(): Promise<Db> {
    const env = { STARLING_DATABASE_URL: this.#postgres.url(), STARLING_DATABASE_POOL: '1' };
    return openDb(loadConfig({ db: dbConfig }, { env, args: [] }).db);
  }

  #connectBus(): Promise<Bus> {
    const env = { STARLING_NATS_URL: this.#servers.map(({ url }) => url).join() };
    return openBus(loadConfig({ bus: busConfig }, { env, args: [] }).bus, { name: 'chaos' });
  }

  /** One that was started again has another pid than the ready line says. */
  #pidOf(id: string): number | undefined {
    const own = processesWith('STARLING_DATA_DIR', this.world.ready.dataDir);
    return processesWith('STARLING_ID', id).find((pid) => own.includes(pid) && isAlive(pid));
  }

  async #serves(id: string): Promise<boolean> {
    if (this.#pidOf(id) === undefined) return false;
    await this.#ask(id, '/readyz');
    return true;
  }

  /** @throws Error when it does not answer, or not with 200 */
  async #ask(id: string, path: string): Promise<string> {
    const { admin } = this.world.ready.processes.find((p) => p.id === id) ?? {};
    const answer = await fetch(`http://${HOST}:${admin}${path}`);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${id}${path}: ${answer.status}`);
    return text;
  }
}

/** A world for as long as `work` takes. @throws what `work`, the start or the stop throws */
export async function withChaosWorld<T>(
  settings: Readonly<Record<string, string>>,
  work: (world: ChaosWorld) => Promise<T>,
): Promise<T> {
  const binary = ensureClusterNatsServer();
  // Clients must not learn of ways around the proxies. The route's port is set beside it.
  const servers = await startNatsCluster(NATS_SERVERS, { binary, config: 'cluster { no_advertise: true }' });
  const proxies: NatsProxy[] = [];
  let postgres: Postgres | undefined;
  try {
    for (const { port } of servers) proxies.push(await NatsProxy.start(port));
    const database = await Postgres.start({ fsync: true });
    postgres = database;
    const all = {
      STARLING_LOG_REPLICAS: String(NATS_SERVERS),
      STARLING_NATS_URL: proxies.map(({ url }) => url).join(),
      STARLING_DATABASE_URL: database.url(),
      ...settings,
    };
    const streams = Number(settings.STARLING_LOG_STREAMS ?? busConfig.fields.logStreams.fallback);
    return await withWorld({ edges: EDGES, ...TWO_OF_EACH, restart: true, settings: all }, (world) =>
      work(new ChaosWorld(world, { servers, proxies, postgres: database, streams })),
    );
  } finally {
    for (const proxy of proxies) await proxy.stop();
    await postgres?.stop();
    await Promise.all(servers.map((server) => server.remove()));
  }
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + BACK_TIMEOUT_MS;
  // Policy: who does not answer is not there yet.
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > deadlineMs) throw new Error(`not in time: ${what}`);
    await sleep(POLL_MS);
  }
}
