import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ORDERLY_MS = 8_000;

/** The signal that ends a process in an orderly way; PostgreSQL's fast shutdown is SIGINT. */
export type EndSignal = 'SIGTERM' | 'SIGINT';

/**
 * Ends what we have started when we are killed with -9. Nothing portable tells a process that its parent has died (Linux's
 * PR_SET_PDEATHSIG is out of reach from Node, and nats-server and PostgreSQL do not watch a pipe). So one small process reads a pipe
 * from us: while we live we tell it the numbers of our children, and when the pipe ends, for whatever reason, it ends those.
 */
export class OrphanGuard {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** @param orderlyMs how long the processes have to end after their signal, before SIGKILL */
  static async start(orderlyMs = ORDERLY_MS): Promise<OrphanGuard> {
    const main = fileURLToPath(new URL('./orphan-guard-main.js', import.meta.url));
    // A session of its own: what the terminal sends to us must not end it first.
    const child = spawn(process.execPath, [main, String(orderlyMs)], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await once(child, 'spawn');
    // Policy: without its reader the guard protects nothing; that is no reason to stop.
    child.stdin?.on('error', () => {});
    child.unref();
    return new OrphanGuard(child);
  }

  watch(pid: number, signal: EndSignal = 'SIGTERM'): void {
    this.#process.stdin?.write(`+${pid} ${signal}\n`);
  }

  /** Its number may be given to another process from now on. */
  forget(pid: number): void {
    this.#process.stdin?.write(`-${pid}\n`);
  }

  /** Ends the guard; what it still watches is ended by it. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    // Otherwise this process could end while it waits, when nothing else keeps it.
    this.#process.ref();
    const exited = once(this.#process, 'exit');
    this.#process.stdin?.end();
    await exited;
  }
}
