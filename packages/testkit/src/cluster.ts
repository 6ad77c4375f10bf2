import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { OrphanGuard } from '@starling/local-servers';
import { commandOf, processesWith, untilGone } from './processes.ts';
import type { ReadyLine, ReadyProcess } from './ready-line.ts';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 45_000;
const GONE_TIMEOUT_MS = 15_000;
const OUTPUT_CHARS_MAX = 50_000;
const MARK_BYTES = 8;
/** Not STARLING_…: those are settings, and an unknown one is refused. */
const MARK = 'TESTKIT_SYSTEM';
const COMMAND = fileURLToPath(new URL('../../../scripts/starling.mjs', import.meta.url));

export interface SystemOptions {
  /** Kept; default: a temporary one, which goes with the system. */
  readonly dataDir?: string;
  /** STARLING_… → value. */
  readonly settings?: Readonly<Record<string, string>>;
  /** More of the command line. */
  readonly args?: readonly string[];
  /** The Node binary to run it by. */
  readonly node?: string;
  /** Ends it when this process is killed. */
  readonly guard?: OrphanGuard;
}

export interface LocalClusterOptions extends SystemOptions {
  readonly edges?: number;
  readonly presence?: number;
  readonly roster?: number;
  readonly archive?: number;
  readonly nats?: 1 | 3;
  /** Processes that die are started again. */
  readonly restart?: boolean;
}

/** One process with everything in it, on any ports. @throws Error with its output when it does not get ready */
export function startEmbedded(options: SystemOptions = {}): Promise<LocalSystem> {
  return LocalSystem.start(['start'], options);
}

/** A cluster of processes on this machine, on any ports. @throws Error with its output when it does not get ready */
export function startCluster(options: LocalClusterOptions = {}): Promise<LocalSystem> {
  const { edges = 3, presence = 1, roster = 1, archive = 1, nats = 1, restart = false } = options;
  const counts = { edges, presence, roster, archive, nats };
  const args = Object.entries(counts).flatMap(([name, count]) => [`--${name}`, String(count)]);
  return LocalSystem.start(['cluster', ...args, ...(restart ? ['--restart'] : [])], options);
}

/** A system that runs in processes of its own. */
export class LocalSystem {
  readonly ready: ReadyLine;
  readonly #child: ChildProcess;
  readonly #mark: string;
  readonly #output: Output;
  /** Removed at the end. */
  readonly #temporary: string | undefined;

  private constructor(ready: ReadyLine, child: ChildProcess, mark: string, output: Output, temporary?: string) {
    this.ready = ready;
    this.#child = child;
    this.#mark = mark;
    this.#output = output;
    this.#temporary = temporary;
  }

  static async start(command: readonly string[], options: SystemOptions): Promise<LocalSystem> {
    const { settings = {}, args = [], node = process.execPath } = options;
    const temporary = options.dataDir === undefined ? mkdtempSync(join(tmpdir(), 'starling-system-')) : undefined;
    const mark = randomBytes(MARK_BYTES).toString('hex');
    const env = {
      ...systemEnvironment(join(temporary ?? '', options.dataDir ?? 'data')),
      STARLING_LOG_LEVEL: 'info',
      ...settings,
      [MARK]: mark,
    };
    const child = spawn(node, [COMMAND, ...command, ...args, '--json-ready'], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    watch(child, options.guard);
    const output = new Output(child);
    try {
      return new LocalSystem(await readyLine(child, output), child, mark, output, temporary);
    } catch (cause) {
      // Policy: nothing stays behind, and the caller gets what it said.
      await end(child, 'SIGTERM');
      if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
      throw new Error(`starling ${command[0]} does not get ready\n${output.text}`, { cause });
    }
  }

  /** The process that was started; of a cluster it has the others. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The end of what it has written, the ready line left out. */
  get output(): string {
    return this.#output.text;
  }

  get edges(): readonly ReadyProcess[] {
    return this.ready.processes.filter((p) => p.service === 'edge');
  }

  /** @throws Error when the ready line has no such process */
  process(id: string): ReadyProcess {
    const found = this.ready.processes.find((p) => p.id === id);
    if (!found) throw new Error(`no process ${id} in ${JSON.stringify(this.ready.processes)}`);
    return found;
  }

  /** Sends a signal to one process of the ready line; SIGKILL and SIGTERM are waited for. */
  async kill(id: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { pid } = this.process(id);
    process.kill(pid, signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await untilGone([pid], GONE_TIMEOUT_MS);
  }

  /** kill -9 of the process that was started; resolves when all the others have noticed and are gone. The data folder stays. */
  async crash(): Promise<void> {
    await end(this.#child, 'SIGKILL');
    await untilGone(processesWith(MARK, this.#mark), GONE_TIMEOUT_MS);
  }

  /** SIGTERM, and the end of all processes. @throws Error when it does not end with 0 in time, or a process is left */
  async stop(): Promise<void> {
    try {
      await end(this.#child, 'SIGTERM');
      const left = processesWith(MARK, this.#mark);
      const told = left.map((pid) => `${pid}: ${commandOf(pid)}`);
      for (const pid of left) process.kill(pid, 'SIGKILL');
      const { exitCode, signalCode } = this.#child;
      if (exitCode !== 0 || left.length > 0)
        throw new Error(`ended with ${signalCode ?? exitCode}, left behind: ${told.join('; ')}\n${this.output}`);
    } finally {
      if (this.#temporary !== undefined) rmSync(this.#temporary, { recursive: true, force: true });
    }
  }
}

/** The environment of a system of one's own: a setting of whoever runs the tests must not reach into it. */
export function systemEnvironment(dataDir: string): NodeJS.ProcessEnv {
  const PASSED = new Set(['STARLING_NATS_SERVER', 'STARLING_POSTGRES_BIN']);
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('STARLING_') || PASSED.has(name));
  const ports = ['C2S', 'C2S_TLS', 'HTTP', 'ADMIN'].map((name) => [`STARLING_${name}_PORT`, '0'] as const);
  return { ...Object.fromEntries([...inherited, ...ports]), STARLING_DATA_DIR: dataDir };
}

/** What a child writes to standard error, and to standard output besides the ready line; bounded. */
class Output {
  text = '';
  constructor(child: ChildProcess) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.keep(text));
  }
  keep(text: string): void {
    this.text = (this.text + text).slice(-OUTPUT_CHARS_MAX);
  }
}

function readyLine(child: ChildProcess, output: Output): Promise<ReadyLine> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ready line within ${READY_TIMEOUT_MS} ms`)), READY_TIMEOUT_MS);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`ended with ${signal ?? code}`));
    });
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{"ready":true')) {
        output.keep(`${line}\n`);
        return;
      }
      clearTimeout(timer);
      resolve(JSON.parse(line) as ReadyLine);
    });
  });
}

function watch(child: ChildProcess, guard: OrphanGuard | undefined): void {
  const { pid } = child;
  if (pid === undefined) return;
  guard?.watch(pid);
  child.once('exit', () => guard?.forget(pid));
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  child.kill(signal);
  await exited;
  clearTimeout(timer);
}
