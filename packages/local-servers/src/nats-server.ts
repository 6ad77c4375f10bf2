import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Exit } from './child.ts';
import { freePorts } from './free-ports.ts';
import type { OrphanGuard } from './orphan-guard.ts';

const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 50;
const PORT_ATTEMPTS = 5;
/** What streams may reserve together; nothing is taken of the disk for it. */
const FILE_STORE_MAX = '64GB';

/** A nats-server on this machine. */
export interface NatsBinary {
  readonly path: string;
  /** As [major, minor, patch]. */
  readonly version: readonly [number, number, number];
}

/** All nats-server binaries of this machine, the newest first; `chosen` alone when it is set. */
export function findNatsServers(chosen = process.env.STARLING_NATS_SERVER): NatsBinary[] {
  const repository = fileURLToPath(new URL('../../../', import.meta.url));
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/bin',
    process.env.GOBIN ?? '',
    join(homedir(), 'go', 'bin'),
    join(repository, '.cache', 'bin'),
  ];
  const paths = chosen ? [chosen] : folders.filter((f) => f !== '').map((folder) => join(folder, 'nats-server'));
  return [...new Set(paths)]
    .filter(isExecutable)
    .map((path) => ({ path, version: versionOf(path) }))
    .sort((a, b) => compareVersions(b.version, a.version));
}

/** The newest one that is at least this version. */
export function findNatsServer(
  versionMin: readonly [number, number] = [2, 9],
  chosen = process.env.STARLING_NATS_SERVER,
): NatsBinary | undefined {
  return findNatsServers(chosen).find(({ version }) => compareVersions(version, [...versionMin, 0]) >= 0);
}

export interface NatsServerOptions {
  readonly binary?: NatsBinary;
  /** Further lines of its configuration file. */
  readonly config?: string;
  /** A whole configuration file instead; names, ports and routes are set beside it, the store is $NATS_STORE_DIR. */
  readonly configFile?: string;
  /** What the configuration refers to as $NAME. */
  readonly env?: Readonly<Record<string, string>>;
  readonly jetstream?: boolean;
  /** Keeps the stores, one folder for each server, for the next start; without it they are temporary. */
  readonly folder?: string;
  /** Ends the server when this process is killed; then it also is in a session of its own. */
  readonly guard?: OrphanGuard;
}

interface Place {
  readonly name: string;
  readonly port: number;
  readonly httpPort: number;
  readonly folder: string;
  /** Of the whole cluster, itself among them; empty for a single server. */
  readonly routes: readonly string[];
  readonly route: string;
}

/** One nats-server with JetStream in a folder of its own. It is killed when this process ends. */
export class NatsServer {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly version: readonly [number, number, number];
  readonly #place: Place;
  readonly #options: NatsServerOptions & { binary: NatsBinary };
  readonly #exitHandlers = new Set<(exit: Exit) => void>();
  #child: ChildProcess | undefined;

  constructor(place: Place, options: NatsServerOptions & { binary: NatsBinary }) {
    this.name = place.name;
    this.port = place.port;
    this.url = `nats://127.0.0.1:${place.port}`;
    this.version = options.binary.version;
    this.#place = place;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** What it has written to its log. */
  get log(): string {
    return readFileSync(join(this.#place.folder, 'log'), 'utf8');
  }

  /** Starts the process, with the store that it had; `waitUntilReady` says when it serves. */
  launch(): void {
    const log = openSync(join(this.#place.folder, 'log'), 'a');
    const { binary, env, guard } = this.#options;
    const child = spawn(binary.path, argumentsOf(this.#place, this.#options), {
      stdio: ['ignore', log, log],
      env: { ...process.env, NATS_STORE_DIR: storeOf(this.#place), ...env },
      detached: guard !== undefined,
    });
    closeSync(log);
    this.#child = child;
    killWithThisProcess(child);
    const { pid } = child;
    if (pid !== undefined) guard?.watch(pid);
    child.once('exit', (code, signal) => {
      if (pid !== undefined) guard?.forget(pid);
      if (this.#child !== child) return;
      this.#child = undefined;
      for (const handler of this.#exitHandlers) handler({ code, signal });
    });
  }

  /** Resolves when it serves and, in a cluster, knows the leader of JetStream. */
  async waitUntilReady(clusterSize: number): Promise<void> {
    const deadlineMs = Date.now() + READY_TIMEOUT_MS;
    while (!(await this.#isReady(clusterSize))) {
      if (this.#child === undefined) throw new NatsServerError(`${this.name} ended: ${this.log.slice(-2000)}`);
      if (Date.now() > deadlineMs) throw new NatsServerError(`${this.name} is not ready: ${this.log.slice(-2000)}`);
      await sleep(POLL_MS);
    }
  }

  async #isReady(clusterSize: number): Promise<boolean> {
    const base = `http://127.0.0.1:${this.#place.httpPort}`;
    try {
      const health = await fetch(`${base}/healthz`);
      await health.arrayBuffer();
      if (!health.ok) return false;
      if (clusterSize === 1) return true;
      const jsz = (await (await fetch(`${base}/jsz`)).json()) as { meta_cluster?: { leader?: string } };
      return (jsz.meta_cluster?.leader ?? '') !== '';
    } catch {
      // Policy: whoever does not answer yet is not ready.
      return false;
    }
  }

  /** As a crash does. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** Freezes the process, as a machine that swaps or a stalled disk does. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Starts it again on the same port, with the same store. */
  async restart(clusterSize = 1): Promise<void> {
    this.launch();
    await this.waitUntilReady(clusterSize);
  }

  /** What JetStream has stored is gone at the next start; to be called while it does not run. */
  loseStore(): void {
    rmSync(storeOf(this.#place), { recursive: true, force: true });
  }

  /** Called whenever it ends without having been stopped. */
  onExit(handler: (exit: Exit) => void): void {
    this.#exitHandlers.add(handler);
  }

  /** Kills it and removes its folder, unless that is kept. */
  async remove(): Promise<void> {
    await this.kill();
    if (this.#options.folder === undefined) rmSync(this.#place.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }
}

/** @throws NatsServerError when none is found or it does not start */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const [server] = await startServers(1, options);
  return server as NatsServer;
}

/** Starts a cluster with JetStream. Replicas need a server of 2.11 or later. */
export async function startNatsCluster(size: number, options: NatsServerOptions = {}): Promise<NatsServer[]> {
  return startServers(size, options);
}

// A free port may be taken by somebody else before the server has it: then all are tried again.
async function startServers(size: number, options: NatsServerOptions): Promise<NatsServer[]> {
  const binary = options.binary ?? findNatsServer(size > 1 ? [2, 11] : [2, 9]);
  if (binary === undefined) throw new NatsServerError('no nats-server found: set STARLING_NATS_SERVER, or install one');
  for (let attempt = 1; ; attempt++) {
    const places = await choosePlaces(size, options.folder);
    const servers = places.map((place) => new NatsServer(place, { ...options, binary }));
    try {
      for (const server of servers) server.launch();
      await Promise.all(servers.map((server) => server.waitUntilReady(size)));
      return servers;
    } catch (error) {
      const isTaken = servers.some((server) => server.log.includes('address already in use'));
      await Promise.all(servers.map((server) => server.remove()));
      if (!isTaken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function choosePlaces(size: number, folder: string | undefined): Promise<Place[]> {
  const ports = await freePorts(size * 3);
  const routePorts = ports.slice(size * 2);
  const routes = routePorts.map((port) => `nats://127.0.0.1:${port}`);
  return Array.from({ length: size }, (_, i) => ({
    name: `n${i + 1}`,
    port: ports[i] as number,
    httpPort: ports[size + i] as number,
    folder: folder === undefined ? mkdtempSync(join(tmpdir(), 'starling-nats-')) : keptFolder(folder, `n${i + 1}`),
    routes: size === 1 ? [] : routes,
    route: routes[i] as string,
  }));
}

function keptFolder(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  const log = join(path, 'log');
  if (existsSync(log)) renameSync(log, `${log}.1`);
  return path;
}

function argumentsOf(place: Place, options: NatsServerOptions): string[] {
  const args = ['-n', place.name, '-a', '127.0.0.1', '-p', String(place.port), '-m', String(place.httpPort)];
  if (place.routes.length > 0) {
    args.push('--cluster_name', 'starling', '--cluster', place.route, '--routes', place.routes.join());
  }
  if (options.configFile !== undefined) return [...args, '-c', options.configFile];
  const configFile = join(place.folder, 'nats.conf');
  const store = `jetstream { store_dir: ${JSON.stringify(storeOf(place))}, max_file_store: ${FILE_STORE_MAX} }`;
  writeFileSync(configFile, `${options.jetstream === false ? '' : store}\n${options.config ?? ''}\n`);
  return [...args, '-c', configFile];
}

const storeOf = (place: Place) => join(place.folder, 'store');

const liveChildren = new Set<ChildProcess>();
let isWatchingExit = false;

function killWithThisProcess(child: ChildProcess): void {
  liveChildren.add(child);
  child.once('exit', () => liveChildren.delete(child));
  if (isWatchingExit) return;
  isWatchingExit = true;
  process.once('exit', () => {
    for (const live of liveChildren) live.kill('SIGKILL');
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Policy: what is not there or may not be run is no candidate.
    return false;
  }
}

function versionOf(path: string): [number, number, number] {
  const numbers = /v(\d+)\.(\d+)\.(\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' })) ?? [];
  return [Number(numbers[1] ?? 0), Number(numbers[2] ?? 0), Number(numbers[3] ?? 0)];
}

function compareVersions(a: readonly number[], b: readonly number[]): number {
  return (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0) || (a[2] ?? 0) - (b[2] ?? 0);
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export class NatsServerError extends Error {
  override readonly name = 'NatsServerError';
}
