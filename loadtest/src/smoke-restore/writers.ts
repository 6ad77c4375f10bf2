import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, OwnWorld } from '@starling/testkit';
import { acknowledgedBy, openWriter, write } from '../smoke-history/people.ts';

/** Numbers of one writer: his place times this, and on from there. */
export const NUMBERS_EACH = 1_000_000;
const BATCH = 5;
const PAUSE_MS = 20;

/** Accounts that write to one other, each a few messages, and the next ones when these have been handled. */
export class Writers {
  readonly #clients: readonly Client[];
  readonly #to: string;
  readonly #next: number[];
  readonly #acknowledged: number[][];
  #isWriting = false;
  #running: readonly Promise<void>[] = [];

  private constructor(clients: readonly Client[], to: string, from: number) {
    this.#clients = clients;
    this.#to = to;
    this.#next = clients.map((_, place) => place * NUMBERS_EACH + from);
    this.#acknowledged = clients.map(() => []);
  }

  /** @param from the first number of each; beyond those that were sent before */
  static async open(world: OwnWorld, names: readonly string[], to: string, from = 1): Promise<Writers> {
    const clients: Client[] = [];
    for (const [n, name] of names.entries())
      clients.push(await openWriter(world.endpoint(n % 2 === 0 ? 'tcp' : 'ws', n), world.domain, name, `from-${from}`));
    return new Writers(clients, to, from);
  }

  start(): void {
    this.#isWriting = true;
    this.#running = this.#clients.map((client, place) => this.#write(client, place));
    // Policy: who stops them hears of it.
    for (const running of this.#running) running.catch(() => undefined);
  }

  /** Resolves when all that was written has been handled. */
  async stop(): Promise<void> {
    this.#isWriting = false;
    await Promise.all(this.#running);
  }

  /** Each of them, so many. */
  async writeSome(count: number): Promise<void> {
    await Promise.all(this.#clients.map((client, place) => this.#batch(client, place, count)));
  }

  /** What has been handled until now, by writer. */
  acknowledged(): readonly (readonly number[])[] {
    return this.#acknowledged.map((numbers) => [...numbers]);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  async #write(client: Client, place: number): Promise<void> {
    while (this.#isWriting) {
      await this.#batch(client, place, BATCH);
      await sleep(PAUSE_MS);
    }
  }

  async #batch(client: Client, place: number, count: number): Promise<void> {
    const numbers: number[] = [];
    for (let i = 0; i < count; i++) {
      const number = this.#next[place] ?? 0;
      this.#next[place] = number + 1;
      write(client, this.#to, number);
      numbers.push(number);
    }
    await acknowledgedBy(client);
    this.#acknowledged[place]?.push(...numbers);
  }
}
