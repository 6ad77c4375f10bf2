import type { Bus } from './bus.ts';
import type { BusConfig } from './config.ts';
import { JetStreamRecords } from './jetstream-records.ts';
import { ensureRecordsStream } from './jetstream-records-stream.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryRecords } from './memory-records.ts';
import { NatsBus } from './nats-bus.ts';
import type { Records } from './records.ts';

/** Of one record, and of all. A membership document of 100 processes has 6 KB. */
const VALUE_BYTES_MAX = 256 * 1024;
const RECORDS_BYTES_MAX = 16 * 1024 * 1024;

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
  if (!(bus instanceof NatsBus)) throw new TypeError('the records need the bus that openBus gave');
  const settings = {
    replicas: config.logReplicas === '3' ? 3 : 1,
    valueBytesMax: VALUE_BYTES_MAX,
    bytesMax: RECORDS_BYTES_MAX,
  } as const;
  await ensureRecordsStream(bus.link, settings, options.manage ?? true, config.natsConnectTimeoutMs);
  return new JetStreamRecords(bus.link, { timeoutMs: config.recordsTimeoutMs, valueBytesMax: VALUE_BYTES_MAX });
}
