import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { OrphanGuard } from './orphan-guard.ts';

const LOG_TAIL_CHARACTERS = 4_000;

export interface ChildOptions {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Gets standard error; the file of the run before is kept beside it as `<logFile>.1`. */
  readonly logFile: string;
  /** Ends the child when this process dies without having stopped it. */
  readonly guard?: OrphanGuard;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** It could not be started, or did not get ready; the message ends with the end of its log. */
export class ChildError extends Error {
  override readonly name = 'ChildError';
  /** Its exit code when it ended by itself. */
  readonly exitCode: number | undefined;
  constructor(message: string, options: { cause?: unknown; exitCode?: number | undefined } = {}) {
    super(message, options);
    this.exitCode = options.exitCode;
  }
}

/** One process that this one has started, in a session of its own: a Ctrl-C in the terminal reaches only us, and we stop it in its turn. */
export class Child {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  readonly #logFile: string;

  private constructor({ name, logFile }: ChildOptions, process: ChildProcess, pid: number) {
    this.name = name;
    this.pid = pid;
    this.#process = process;
    this.#logFile = logFile;
    this.exited = once(process, 'exit').then(([code, signal]) => ({ code, signal }) as Exit);
  }

  /** @throws ChildError when there is no such program */
  static async start(options: ChildOptions): Promise<Child> {
    const { name, command, args, env, cwd, logFile, guard } = options;
    mkdirSync(dirname(logFile), { recursive: true });
    if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`);
    const log = openSync(logFile, 'a', 0o600);
    const process = spawn(command, args, {
      ...(env && { env }),
      ...(cwd && { cwd }),
      detached: true,
      stdio: ['ignore', 'pipe', log],
    });
    closeSync(log);
    try {
      await once(process, 'spawn');
    } catch (cause) {
      throw new ChildError(`${name} does not start: ${command}`, { cause });
    }
    const child = new Child(options, process, process.pid ?? 0);
    guard?.watch(child.pid);
    void child.exited.then(() => guard?.forget(child.pid));
    return child;
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /**
   * Waits for the line `{"ready":true,…}` on its standard output. To be called once, directly after the start.
   * @throws ChildError when it ends before, or takes longer
   */
  ready(timeoutMs: number): Promise<Readonly<Record<string, unknown>>> {
    return new Promise((resolve, reject) => {
      const fail = (how: string, exitCode?: number) => {
        reject(new ChildError(`${this.name} ${how}\n${this.logTail()}`, { exitCode }));
      };
      const timer = setTimeout(() => fail(`is not ready within ${timeoutMs} ms`), timeoutMs);
      void this.exited.then(({ code, signal }) => {
        clearTimeout(timer);
        fail(`ended with ${signal ?? code}`, code ?? undefined);
      });
      if (!this.#process.stdout) return;
      createInterface({ input: this.#process.stdout }).on('line', (line) => {
        const ready = parseReady(line);
        if (!ready) return;
        clearTimeout(timer);
        resolve(ready);
      });
    });
  }

  /** The end of what it has written to standard error. */
  logTail(): string {
    try {
      return readFileSync(this.#logFile, 'utf8').slice(-LOG_TAIL_CHARACTERS);
    } catch {
      // Policy: a log that is gone says nothing.
      return '';
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** SIGTERM, and SIGKILL when it has not ended after timeoutMs. */
  async stop(timeoutMs: number): Promise<Exit> {
    if (this.isRunning) {
      this.#process.kill('SIGTERM');
      const timer = setTimeout(() => this.#process.kill('SIGKILL'), timeoutMs);
      await this.exited;
      clearTimeout(timer);
    }
    return this.exited;
  }
}

function parseReady(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line) as Readonly<Record<string, unknown>>;
    return value.ready === true ? value : undefined;
  } catch {
    // Policy: whatever else it prints is not for us.
    return undefined;
  }
}
