import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Endpoint } from './channel.ts';

/** One process with everything in it, or processes on real NATS and PostgreSQL with one edge or three. */
export type WorldKind = 'embedded' | 'cluster-1' | 'cluster-3';

/** A process of a system, as the ready line has it; the ports are those that it announced. */
export interface ReadyProcess {
  readonly service: string;
  readonly id: string;
  readonly pid: number;
  readonly c2s?: number;
  readonly c2sTls?: number;
  readonly http?: number;
  readonly admin?: number;
  /** Of nats-server and PostgreSQL. */
  readonly port?: number;
}

/** What `starling start --json-ready` and `starling cluster --json-ready` print. */
export interface ReadyLine {
  readonly ready: true;
  readonly domain: string;
  readonly dataDir: string;
  readonly endpoints: { readonly c2s: number; readonly c2sTls: number; readonly http: number; readonly admin: number };
  readonly processes: readonly ReadyProcess[];
}

/** Processes start, install their tables and make their streams; on a busy machine that takes its time. */
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
const OUTPUT_CHARS_MAX = 20_000;
const HOST = '127.0.0.1';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const COMMANDS: Readonly<Record<WorldKind, readonly string[]>> = {
  embedded: ['start'],
  'cluster-1': ['cluster', '--edges', '1'],
  'cluster-3': ['cluster', '--edges', '3'],
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
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #output: () => string;

  constructor(kind: WorldKind, ready: ReadyLine, child: ChildProcess, folder: string, output: () => string) {
    super(kind, ready);
    this.#child = child;
    this.#folder = folder;
    this.#output = output;
  }

  /** The end of what it has logged. */
  get output(): string {
    return this.#output();
  }

  /** SIGTERM, and its end. @throws Error when it does not stop in time, or not with 0 */
  async stop(): Promise<void> {
    try {
      await stopChild(this.#child);
      if (this.#child.exitCode !== 0)
        throw new Error(`${this.kind} ended with ${this.#child.exitCode ?? this.#child.signalCode}\n${this.output}`);
    } finally {
      await rm(this.#folder, { recursive: true, force: true });
    }
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  child.kill('SIGTERM');
  await exited;
  clearTimeout(timer);
}

// A setting of whoever runs the tests must not reach into them.
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('STARLING_')));
}

export interface WorldOptions {
  /** STARLING_… → value. */
  readonly settings?: Readonly<Record<string, string>>;
  /** More of the command line: ['--nats', '3']. */
  readonly args?: readonly string[];
  /** The Node binary to run it by. */
  readonly node?: string;
}

/**
 * Starts a Starling of its own: new data folder, any ports, open registration.
 * @throws Error with its output when it does not get ready in time
 */
export async function startWorld(
  kind: WorldKind,
  { settings = {}, args: more = [], node = process.execPath }: WorldOptions = {},
): Promise<OwnWorld> {
  const folder = await mkdtemp(join(tmpdir(), `starling-${kind}-`));
  const ports = Object.fromEntries(['C2S', 'C2S_TLS', 'HTTP', 'ADMIN'].map((name) => [`STARLING_${name}_PORT`, '0']));
  const env = {
    ...cleanEnvironment(),
    STARLING_DATA_DIR: join(folder, 'data'),
    STARLING_REGISTRATION: 'open',
    ...ports,
    ...settings,
  };
  const args = [join(ROOT, 'scripts/starling.mjs'), ...COMMANDS[kind], ...more, '--json-ready'];
  const child = spawn(node, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (text: string) => {
    output = (output + text).slice(-OUTPUT_CHARS_MAX);
  };
  child.stderr.setEncoding('utf8').on('data', keep);
  try {
    const ready = await readyLine(child, keep);
    return new OwnWorld(kind, ready, child, folder, () => output);
  } catch (cause) {
    await stopChild(child);
    await rm(folder, { recursive: true, force: true });
    throw new Error(`${kind} does not get ready\n${output}`, { cause });
  }
}

function readyLine(child: ChildProcess, keep: (text: string) => void): Promise<ReadyLine> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ready line within ${READY_TIMEOUT_MS} ms`)), READY_TIMEOUT_MS);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`ended with ${signal ?? code}`));
    });
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{"ready":true')) {
        clearTimeout(timer);
        resolve(JSON.parse(line) as ReadyLine);
      } else keep(`${line}\n`);
    });
  });
}

const WORLD_KINDS = Object.keys(COMMANDS) as readonly WorldKind[];

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
