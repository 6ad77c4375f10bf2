import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, CrowdOptions, Order, OrderName, Orders } from './orders.ts';

const MAIN = fileURLToPath(new URL('./load-main.js', import.meta.url));
/** Longer than all logins may take. */
const ANSWER_TIMEOUT_MS = 180_000;
const END_TIMEOUT_MS = 5_000;

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** A process that holds the sessions of one side: their work must not delay that of the other side, or the clock of the script. */
export class LoadProcess {
  readonly side: number;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #ids = 0;

  private constructor(side: number) {
    this.side = side;
    this.#child = fork(MAIN, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (answer: Answer) => this.#settle(answer));
    this.#child.once('exit', (code, signal) => this.#fail(new Error(`load process ${side} ended: ${signal ?? code}`)));
    this.#child.once('error', (error) => this.#fail(error));
  }

  static async open(options: CrowdOptions): Promise<LoadProcess> {
    const process = new LoadProcess(options.side);
    await process.tell('open', options);
    return process;
  }

  /** @throws Error when it cannot, or does not answer in time */
  tell<N extends OrderName>(name: N, argument: Orders[N]['argument']): Promise<Orders[N]['answer']> {
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#settle({ id, error: `${name}: no answer within ${ANSWER_TIMEOUT_MS} ms` }),
        ANSWER_TIMEOUT_MS,
      );
      this.#waiting.set(id, {
        resolve: (answer) => {
          clearTimeout(timer);
          resolve(answer as Orders[N]['answer']);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      const order: Order<N> = { id, name, argument };
      this.#child.send(order, (error) => {
        if (error) this.#settle({ id, error: error.message });
      });
    });
  }

  /** Its end. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_TIMEOUT_MS);
    this.#child.disconnect();
    await exited;
    clearTimeout(timer);
  }

  #settle({ id, answer, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error(`load process ${this.side}: ${error}`));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
