import { jetstreamManager } from '@nats-io/jetstream';
import { ACCOUNT_COPIES, RECORDS, streamName } from '@starling/contracts';
import { type NatsBinary, type NatsServer, startNatsServer } from '@starling/local-servers/nats-server';
import type { Bus } from '../bus.ts';
import { JetStreamLog, type JetStreamLogOptions } from '../jetstream-log.ts';
import { JetStreamRecords } from '../jetstream-records.ts';
import { ensureRecordsStream, type RecordsStreamSettings } from '../jetstream-records-stream.ts';
import { NatsBus } from '../nats-bus.ts';
import { stall } from '../nats-client.ts';
import { NatsLink } from '../nats-link.ts';
import { type BusWorld, REQUESTS_MAX } from './bus.ts';
import { type LogLimits, type LogProcess, type LogWorld, STREAMS } from './log.ts';
import {
  COPIES_AGE_MAX_MS,
  COPIES_BYTES_MAX,
  COPY_KEYS,
  copyKey,
  RECORD_KEYS,
  type RecordsWorld,
  TIMEOUT_MS,
  VALUE_BYTES_MAX,
} from './records.ts';
import { until } from './tools.ts';

// A subscriber that lags this far behind is cut off, and what is written to it is waited for this long.
const IMPATIENT = 'max_pending: 16MB, write_deadline: "1s"';
const FLOOD_BYTES = 512 * 1024;
const FLOOD_MESSAGES = 128;

export const LOG_OPTIONS: JetStreamLogOptions = {
  streams: STREAMS,
  replicas: 1,
  bytesMax: 256 * 1024 * 1024,
  duplicateWindowMs: 300_000,
  appendTimeoutMs: 15_000,
  pendingMax: 4096,
  pendingBytesMax: 64 * 1024 * 1024,
  manage: true,
  openTimeoutMs: 20_000,
};

/** A server of its own for every test. */
export class NatsWorld implements BusWorld {
  readonly server: NatsServer;
  readonly hasGroups: boolean;
  readonly #echo: boolean;
  readonly #buses: NatsBus[] = [];

  constructor(server: NatsServer, echo: boolean) {
    this.server = server;
    this.hasGroups = echo;
    this.#echo = echo;
  }

  /** @param echo false: processes that deliver themselves what they publish and have subscribed to */
  static async start(binary: NatsBinary, echo = true): Promise<NatsWorld> {
    return new NatsWorld(await startNatsServer({ binary, config: IMPATIENT }), echo);
  }

  async open(): Promise<NatsBus> {
    const bus = new NatsBus(await NatsLink.open({ servers: [this.server.url], echo: this.#echo }), REQUESTS_MAX);
    this.#buses.push(bus);
    return bus;
  }

  /** Stops one process from reading, until the server has cut it off. */
  async overload(slow: Bus, subject: string, meanwhile = async () => {}): Promise<void> {
    const flooder = await this.open();
    const letGo = stall((slow as NatsBus).link.connection);
    const flood = new Uint8Array(FLOOD_BYTES);
    for (let i = 0; i < FLOOD_MESSAGES; i++) {
      flooder.publish(subject, flood);
      if (i % 8 === 0) await flooder.flush();
    }
    await until('the server cuts it off', () => this.server.log.includes('Slow Consumer'));
    await meanwhile();
    letGo();
    await flooder.close();
  }

  /** Stops the server in its tracks; connections stay open. */
  async hold(): Promise<() => Promise<void>> {
    const { link } = await this.open();
    this.server.pause();
    // The signal takes its time: it has arrived when nothing comes back any more.
    const isSilent = async () => {
      const answer = link.flush().then(() => false);
      answer.catch(() => {}); // Policy: the connection is closed with the world
      return Promise.race([answer, new Promise<boolean>((resolve) => setTimeout(resolve, 100, true))]);
    };
    await until('the server is silent', isSilent);
    return async () => this.server.resume();
  }

  async close(): Promise<void> {
    await Promise.all(this.#buses.map((bus) => bus.close()));
    await this.server.remove();
  }
}

type RecordsKind = 'records' | 'copies';
const SIZES = { replicas: 1, valueBytesMax: VALUE_BYTES_MAX } as const;
const RECORDS_STREAMS: Readonly<Record<RecordsKind, RecordsStreamSettings>> = {
  records: { ...SIZES, stream: RECORDS, bytesMax: 16 * 1024 * 1024 },
  copies: { ...SIZES, stream: ACCOUNT_COPIES, bytesMax: COPIES_BYTES_MAX, ageMaxMs: COPIES_AGE_MAX_MS },
};

export class JetStreamRecordsWorld implements RecordsWorld {
  readonly keys;
  readonly forgets?: { readonly bytesMax: number; readonly keyOf: (n: number) => string };
  readonly #nats: NatsWorld;
  readonly #settings: RecordsStreamSettings;

  constructor(nats: NatsWorld, kind: RecordsKind) {
    this.#nats = nats;
    this.#settings = RECORDS_STREAMS[kind];
    this.keys = kind === 'copies' ? COPY_KEYS : RECORD_KEYS;
    if (kind === 'copies') this.forgets = { bytesMax: COPIES_BYTES_MAX, keyOf: copyKey };
  }

  static async start(binary: NatsBinary, kind: RecordsKind = 'records'): Promise<JetStreamRecordsWorld> {
    return new JetStreamRecordsWorld(await NatsWorld.start(binary), kind);
  }

  async open(): Promise<JetStreamRecords> {
    const { link } = await this.#nats.open();
    await ensureRecordsStream(link, this.#settings, true, LOG_OPTIONS.openTimeoutMs);
    return new JetStreamRecords(link, {
      stream: this.#settings.stream.stream,
      timeoutMs: TIMEOUT_MS,
      valueBytesMax: VALUE_BYTES_MAX,
    });
  }

  hold = () => this.#nats.hold();

  close(): Promise<void> {
    return this.#nats.close();
  }
}

export class JetStreamWorld implements LogWorld {
  readonly republishesInOrder: boolean;
  readonly #nats: NatsWorld;
  readonly #logs: JetStreamLog[] = [];

  constructor(nats: NatsWorld) {
    this.#nats = nats;
    this.republishesInOrder = nats.server.version[0] > 2 || nats.server.version[1] >= 11;
  }

  static async start(binary: NatsBinary, echo = true): Promise<JetStreamWorld> {
    return new JetStreamWorld(await NatsWorld.start(binary, echo));
  }

  async open(limits: Partial<LogLimits> = {}): Promise<LogProcess & { bus: NatsBus }> {
    const bus = await this.#nats.open();
    const log = await JetStreamLog.open(bus.link, { ...LOG_OPTIONS, ...limits });
    this.#logs.push(log);
    return { bus, log };
  }

  async restart(): Promise<void> {
    await this.#nats.server.kill();
    await this.#nats.server.restart();
  }

  async recreate({ bus }: LogProcess, stream: number): Promise<void> {
    const { link } = bus as NatsBus;
    const manager = await jetstreamManager(link.connection);
    await manager.streams.delete(streamName(stream));
    await (await JetStreamLog.open(link, LOG_OPTIONS)).close();
  }

  hold = () => this.#nats.hold();

  overload(slow: Bus, subject: string, meanwhile: () => Promise<void>): Promise<void> {
    return this.#nats.overload(slow, subject, meanwhile);
  }

  async close(): Promise<void> {
    await Promise.all(this.#logs.map((log) => log.close()));
    await this.#nats.close();
  }
}
