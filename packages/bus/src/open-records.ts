import { ACCOUNT_COPIES, RECORDS, SESSION_RECORDS } from '@starling/contracts';
import type { Bus } from './bus.ts';
import type { BusConfig } from './config.ts';
import { JetStreamRecords } from './jetstream-records.ts';
import { ensureRecordsStream, type RecordsStreamSettings } from './jetstream-records-stream.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryRecords } from './memory-records.ts';
import { NatsBus } from './nats-bus.ts';
import type { Records } from './records.ts';
import { remakeOnReconnect } from './remake.ts';

/** Of one record, and of all. A membership document of 100 processes has 6 KB. */
const VALUE_BYTES_MAX = 256 * 1024;
const RECORDS_BYTES_MAX = 16 * 1024 * 1024;
/** Of one account's copy: what fits, with its headers, in a message of NATS as it is configured (max_payload, 1 MiB). */
const COPY_BYTES_MAX = 1_000_000;
/** Of one session: what its client has not acknowledged is most of it. */
const SESSION_BYTES_MAX = 900_000;
/** Copies in memory take more than on disk. */
const MEMORY_COPIES_BYTES_MAX = 64 * 1024 * 1024;
const MEMORY_SESSIONS_BYTES_MAX = 128 * 1024 * 1024;

export interface OpenRecordsOptions {
  /**
   * Whether this process makes the stream when it is missing and changes its limits, which needs the permissions of the archive's role;
   * otherwise it waits until it is there. Default true.
   */
  readonly manage?: boolean;
}

/**
 * The records on the same connection, or in the same process, as the bus that openBus gave.
 * @throws LogConfigError when the server does not fit the configuration
 */
export async function openRecords(config: BusConfig, bus: Bus, options: OpenRecordsOptions = {}): Promise<Records> {
  if (bus instanceof MemoryBus) return new MemoryRecords(VALUE_BYTES_MAX);
  return openStream(config, bus, recordsSettings(), options);
}

/**
 * The store of account copies, likewise: records of which the oldest go for want of room, and those that nobody has changed for long. In
 * process it belongs to whoever opened it.
 * @throws LogConfigError when the server does not fit the configuration
 */
export async function openAccountCopies(
  config: BusConfig,
  bus: Bus,
  options: OpenRecordsOptions = {},
): Promise<Records> {
  const { accountCopiesBytesMax: bytesMax, accountCopiesAgeMs: ageMaxMs } = config;
  if (bus instanceof MemoryBus)
    return new MemoryRecords(COPY_BYTES_MAX, { bytesMax: Math.min(bytesMax, MEMORY_COPIES_BYTES_MAX), ageMaxMs });
  return openStream(config, bus, accountCopiesSettings(config), options);
}

/**
 * The store of sessions that can be resumed, likewise: each edge writes those that it holds again before they are old.
 * @throws LogConfigError when the server does not fit the configuration
 */
export async function openSessionRecords(
  config: BusConfig,
  bus: Bus,
  options: OpenRecordsOptions = {},
): Promise<Records> {
  const { sessionRecordsBytesMax: bytesMax, sessionRecordsAgeMs: ageMaxMs } = config;
  if (bus instanceof MemoryBus)
    return new MemoryRecords(SESSION_BYTES_MAX, { bytesMax: Math.min(bytesMax, MEMORY_SESSIONS_BYTES_MAX), ageMaxMs });
  return openStream(config, bus, sessionRecordsSettings(config), options);
}

type Settings = Omit<RecordsStreamSettings, 'replicas'>;

const recordsSettings = (): Settings => ({
  stream: RECORDS,
  valueBytesMax: VALUE_BYTES_MAX,
  bytesMax: RECORDS_BYTES_MAX,
});

const accountCopiesSettings = (config: BusConfig): Settings => ({
  stream: ACCOUNT_COPIES,
  valueBytesMax: COPY_BYTES_MAX,
  bytesMax: config.accountCopiesBytesMax,
  ageMaxMs: config.accountCopiesAgeMs,
});

const sessionRecordsSettings = (config: BusConfig): Settings => ({
  stream: SESSION_RECORDS,
  valueBytesMax: SESSION_BYTES_MAX,
  bytesMax: config.sessionRecordsBytesMax,
  ageMaxMs: config.sessionRecordsAgeMs,
});

/** All streams of records, as they are to be. */
export const allRecordsSettings = (config: BusConfig): readonly RecordsStreamSettings[] =>
  [recordsSettings(), accountCopiesSettings(config), sessionRecordsSettings(config)].map((settings) => ({
    ...settings,
    replicas: replicasOf(config),
  }));

const replicasOf = ({ logReplicas }: BusConfig): 1 | 3 => (logReplicas === '3' ? 3 : 1);

async function openStream(
  config: BusConfig,
  bus: Bus,
  settings: Settings,
  { manage = true }: OpenRecordsOptions,
): Promise<JetStreamRecords> {
  if (!(bus instanceof NatsBus)) throw new TypeError('the records need the bus that openBus gave');
  const replicas = replicasOf(config);
  const { link } = bus;
  const ensure = () => ensureRecordsStream(link, { ...settings, replicas }, manage, config.natsConnectTimeoutMs);
  await ensure();
  if (manage) remakeOnReconnect(link, ensure);
  const { valueBytesMax, stream } = settings;
  return new JetStreamRecords(link, {
    stream: stream.stream,
    timeoutMs: config.recordsTimeoutMs,
    valueBytesMax,
  });
}
