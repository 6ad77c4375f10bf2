import assert from 'node:assert/strict';
import type { BareJid } from '@starling/jid';
import type { Log, LogEntry, LogReader } from '../log.ts';
import { LogUnavailableError } from '../log.ts';
import { bytesOf } from './tools.ts';

const READ_MAX = 500;
const READ_WAIT_MS = 200;
const LAST_READ_MS = 20_000;

/** Appends and reads without pause while a test breaks things, and knows what was acknowledged. */
export class Traffic {
  readonly #log: Log;
  readonly #users: readonly BareJid[];
  readonly #acknowledged = new Map<string, number>();
  readonly #read: LogEntry[] = [];
  #reader: LogReader | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #isStopped = false;
  /** Appends that were given up as unsure. */
  unsure = 0;
  /** The longest time that one append took. */
  slowestMs = 0;

  /** @param users each has one append in flight; all of one stream */
  constructor(log: Log, users: readonly BareJid[]) {
    this.#log = log;
    this.#users = users;
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  async start(stream: number): Promise<void> {
    this.#reader = await this.#log.read(stream, 1);
    this.#work = Promise.all([...this.#users.map((user) => this.#append(user)), this.#readOn(this.#reader)]);
  }

  async #append(user: BareJid): Promise<void> {
    for (let i = 0; !this.#isStopped; i++) {
      const id = `${user}-${i}`;
      const startedMs = performance.now();
      try {
        const { sequence } = await this.#log.append(user, id, bytesOf(id));
        this.#acknowledged.set(id, sequence);
      } catch (error) {
        // Policy: unsure is no failure here; whether it was stored, the end of the test sees.
        if (!(error instanceof LogUnavailableError)) throw error;
        this.unsure++;
      }
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startedMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #readOn(reader: LogReader): Promise<void> {
    while (!this.#isStopped) this.#read.push(...(await reader.next(READ_MAX, READ_WAIT_MS)));
  }

  /** Stops, and checks: each acknowledged entry is read back exactly once, in the order of its sequence, by who read all along. */
  async stopAndCheck(stream: number): Promise<{ acknowledged: number; unsure: number; slowestMs: number }> {
    this.#isStopped = true;
    await this.#work;
    const { last } = await this.#log.info(stream);
    const deadlineMs = Date.now() + LAST_READ_MS;
    while ((this.#read.at(-1)?.sequence ?? 0) < last && Date.now() < deadlineMs) {
      this.#read.push(...((await this.#reader?.next(READ_MAX, READ_WAIT_MS)) ?? []));
    }
    await this.#reader?.close();
    assert.deepEqual(
      this.#read.map(({ sequence }) => sequence),
      Array.from({ length: last }, (_, i) => i + 1),
      'without a gap or a repetition',
    );
    const sequenceOf = new Map(this.#read.map(({ id, sequence }) => [id, sequence]));
    assert.equal(sequenceOf.size, this.#read.length, 'no entry is stored twice');
    for (const [id, sequence] of this.#acknowledged) assert.equal(sequenceOf.get(id), sequence, id);
    return { acknowledged: this.#acknowledged.size, unsure: this.unsure, slowestMs: Math.round(this.slowestMs) };
  }
}
