import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type GrownLine, type GrowOrder, type HolderOrder, parseGrown } from './orders.ts';

const MAIN = fileURLToPath(new URL('./holder-main.js', import.meta.url));
const STOP_TIMEOUT_MS = 10_000;
const STDERR_CHARS_MAX = 4_000;
/** They stand for other machines: what the servers do goes first. */
const NICENESS = 10;
/** Of what Node says of an error that nobody has caught. */
const WHY = /^\w*Error: (.+)$/m;

/** A process that holds sessions. */
export class Holder {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #stderr = '';
  #ended: Error | undefined;
  #onLine: ((line: GrownLine) => void) | undefined;
  #onEnd: ((error: Error) => void) | undefined;

  constructor(order: HolderOrder) {
    this.#child = spawn(process.execPath, [MAIN, JSON.stringify(order)], { stdio: ['pipe', 'pipe', 'pipe'] });
    if (this.#child.pid !== undefined) setPriority(this.#child.pid, NICENESS);
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS_MAX);
    });
    // Policy: an order that it does not take any more is answered by its end.
    this.#child.stdin.on('error', () => undefined);
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#onLine?.(parseGrown(line)));
    this.#child.once('close', (code, signal) => {
      const [, why = this.#stderr] = WHY.exec(this.#stderr) ?? [];
      this.#ended = new Error(`a load process ended with ${signal ?? code}: ${why}`);
      this.#onEnd?.(this.#ended);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Until it holds so many. @throws Error when a login fails, or one that was there is lost */
  grow(sessions: number): Promise<GrownLine> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended);
        return;
      }
      this.#onLine = resolve;
      this.#onEnd = reject;
      this.#child.stdin.write(`${JSON.stringify({ sessions } satisfies GrowOrder)}\n`);
    });
  }

  /** @throws Error when it has ended meanwhile: then sessions are lost */
  requireAlive(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  async stop(): Promise<void> {
    if (this.#ended !== undefined) return;
    const closed = once(this.#child, 'close');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    this.#onEnd = undefined;
    this.#child.kill('SIGTERM');
    await closed;
    clearTimeout(timer);
  }
}
