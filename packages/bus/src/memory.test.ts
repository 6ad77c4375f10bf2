import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bus } from './bus.ts';
import { type BusWorld, busConformance, REQUESTS_MAX } from './conformance/bus.ts';
import { type LogLimits, type LogWorld, logConformance, STREAMS } from './conformance/log.ts';
import {
  COPIES_AGE_MAX_MS,
  COPIES_BYTES_MAX,
  COPY_KEYS,
  copyKey,
  RECORD_KEYS,
  recordsConformance,
  VALUE_BYTES_MAX,
} from './conformance/records.ts';
import type { LogEntry } from './log.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryRecords } from './memory-records.ts';
import type { StreamStart } from './memory-stream.ts';

const QUEUE_MAX = 10_000;

async function overload(bus: Bus, subject: string, meanwhile = async () => {}): Promise<void> {
  await meanwhile(); // what it publishes still waits for its turn
  for (let i = 0; i <= QUEUE_MAX; i++) bus.publish(subject, new Uint8Array(1));
}

busConformance('in process', async (): Promise<BusWorld> => {
  const bus = new MemoryBus({ queueMax: QUEUE_MAX, requestsMax: REQUESTS_MAX });
  return { open: async () => bus, overload, close: () => bus.close(), hasGroups: true };
});

/** Acknowledged at once, or by a stand-in for the archive that writes down what it reads. */
class MemoryWorld implements LogWorld {
  readonly #acknowledge: 'at-once' | 'when-archived';
  readonly hold?: () => Promise<() => Promise<void>>;
  readonly givesWay: boolean;
  readonly republishesInOrder = true;
  readonly #bus = new MemoryBus({ queueMax: QUEUE_MAX });
  readonly #written = new Map<number, LogEntry[]>();
  #log: MemoryLog | undefined;
  #start = new Map<number, StreamStart>();
  #archives: { stop: () => Promise<void> }[] = [];
  #isHeld = false;

  constructor(acknowledge: 'at-once' | 'when-archived') {
    this.#acknowledge = acknowledge;
    this.givesWay = acknowledge === 'when-archived';
    if (this.givesWay) this.hold = () => this.#hold();
  }

  async open(limits: Partial<LogLimits> = {}) {
    if (this.#log === undefined) {
      this.#log = new MemoryLog(this.#bus, {
        streams: STREAMS,
        acknowledge: this.#acknowledge,
        start: this.#start,
        ...limits,
      });
      if (this.#acknowledge === 'when-archived') this.#startArchive(this.#log);
    }
    return { bus: this.#bus, log: this.#log };
  }

  #startArchive(log: MemoryLog): void {
    for (let stream = 0; stream < STREAMS; stream++) {
      let isStopped = false;
      const running = (async () => {
        const reader = await log.read(stream, (await log.info(stream)).first);
        while (!isStopped) {
          try {
            const entries = this.#isHeld ? [] : await reader.next(100, 5);
            if (this.#isHeld) await new Promise((resolve) => setTimeout(resolve, 5));
            this.#written.set(stream, [...(this.#written.get(stream) ?? []), ...entries]);
            const last = entries.at(-1);
            if (last) log.archived(stream, last.sequence);
          } catch {
            // Policy: the stream was made anew; a new archive reads it.
            break;
          }
        }
        await reader.close();
      })();
      this.#archives.push({
        stop: () => {
          isStopped = true;
          return running;
        },
      });
    }
  }

  async restart(): Promise<void> {
    const log = this.#log as MemoryLog;
    for (let stream = 0; stream < STREAMS; stream++) {
      const { createdAtMs, last } = await log.info(stream);
      this.#start.set(stream, { createdAtMs, last, recent: await this.#recent(log, stream) });
    }
    await this.#stop();
  }

  // What the database has of the duplicate window: with `at-once` nothing is written, so it is read from the log itself.
  async #recent(log: MemoryLog, stream: number) {
    if (this.#acknowledge === 'when-archived') return this.#written.get(stream) ?? [];
    const reader = await log.read(stream, 1);
    return reader.next(1000, 1);
  }

  async recreate(_: unknown, stream: number): Promise<void> {
    this.#log?.recreate(stream);
    if (this.#acknowledge === 'when-archived' && this.#log) this.#startArchive(this.#log);
  }

  async #hold() {
    this.#isHeld = true;
    return async () => {
      this.#isHeld = false;
    };
  }

  overload = overload;

  async #stop(): Promise<void> {
    await Promise.all(this.#archives.map(({ stop }) => stop()));
    this.#archives = [];
    await this.#log?.close();
    this.#log = undefined;
  }

  async close(): Promise<void> {
    this.#isHeld = false;
    await this.#stop();
    await this.#bus.close();
  }
}

logConformance('in process, acknowledged by the archive', async () => new MemoryWorld('when-archived'));
logConformance('in process, acknowledged at once', async () => new MemoryWorld('at-once'), true);
recordsConformance('in process', async () => {
  const records = new MemoryRecords(VALUE_BYTES_MAX);
  return { keys: RECORD_KEYS, open: async () => records, close: () => records.close() };
});
recordsConformance('of accounts in process', async () => {
  const forgets = { bytesMax: COPIES_BYTES_MAX, keyOf: copyKey };
  const records = new MemoryRecords(VALUE_BYTES_MAX, { bytesMax: COPIES_BYTES_MAX, ageMaxMs: COPIES_AGE_MAX_MS });
  return { keys: COPY_KEYS, forgets, open: async () => records, close: () => records.close() };
});
test('records in process go when nobody has changed them for so long', async () => {
  const records = new MemoryRecords(VALUE_BYTES_MAX, { ageMaxMs: 20 });
  await records.put('a', new Uint8Array(1), 0);
  await records.put('b', new Uint8Array(1), 0);
  await new Promise((resolve) => setTimeout(resolve, 30));
  const renewed = await records.put('b', new Uint8Array(1), 0);
  assert.equal(await records.get('a'), undefined);
  assert.equal((await records.get('b'))?.revision, renewed);
});
