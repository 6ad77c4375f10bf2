import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { checkServerVersion, configOf, NAME_IN_USE, retryUntil } from './jetstream-streams.ts';
import { LogConfigError } from './log.ts';
import type { NatsLink } from './nats-link.ts';

export interface RecordsStreamSettings {
  readonly stream: { readonly stream: string; readonly subjects: readonly string[] };
  /** Records that nobody has changed for so long go, and the oldest ones where there is no room for new ones; else a full stream refuses. */
  readonly ageMaxMs?: number | undefined;
  readonly replicas: 1 | 3;
  readonly valueBytesMax: number;
  /** Of all records together. */
  readonly bytesMax: number;
}

const API_TIMEOUT_MS = 3_000;
const NANOS_A_MS = 1_000_000;
/** For the subject and the headers of a record. */
const OVERHEAD_BYTES = 1_024;

/**
 * Makes the stream of records, or brings it up to date; with `manage` false, waits until it is there.
 * @throws LogConfigError when the server does not fit; the client's error after timeoutMs
 */
export async function ensureRecordsStream(
  link: NatsLink,
  settings: RecordsStreamSettings,
  manage: boolean,
  timeoutMs: number,
): Promise<void> {
  checkServerVersion(link.connection.info?.version ?? '', settings.replicas);
  const manager = await jetstreamManager(link.connection, { checkAPI: false, timeout: API_TIMEOUT_MS });
  await retryUntil(Date.now() + timeoutMs, () => ensureOnce(manager, recordsStreamConfig(settings), manage));
}

async function ensureOnce(manager: JetStreamManager, wanted: ReturnType<typeof recordsStreamConfig>, manage: boolean) {
  const existing = await configOf(manager, wanted.name);
  if (existing === undefined) {
    if (!manage) throw new LogConfigError(`stream ${wanted.name} does not exist yet`, { transient: true });
    await makeStream(manager, wanted);
  } else if (manage && differs(existing, wanted)) await manager.streams.update(wanted.name, wanted);
}

async function makeStream(manager: JetStreamManager, wanted: ReturnType<typeof recordsStreamConfig>): Promise<void> {
  try {
    await manager.streams.add(wanted);
  } catch (error) {
    // Policy: another process made it at the same time; what it made is looked at in the next try.
    if (!(error instanceof JetStreamApiError && error.code === NAME_IN_USE)) throw error;
    throw new LogConfigError(`stream ${wanted.name} was made meanwhile`, { transient: true });
  }
}

/** As it is to be. */
export function recordsStreamConfig({ stream, replicas, bytesMax, valueBytesMax, ageMaxMs }: RecordsStreamSettings) {
  return {
    name: stream.stream,
    subjects: [...stream.subjects],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: ageMaxMs === undefined ? DiscardPolicy.New : DiscardPolicy.Old,
    max_age: (ageMaxMs ?? 0) * NANOS_A_MS,
    num_replicas: replicas,
    max_bytes: bytesMax,
    max_msg_size: valueBytesMax + OVERHEAD_BYTES,
    max_msgs_per_subject: 1,
    allow_direct: true,
  } satisfies Partial<StreamConfig>;
}

function differs(existing: StreamConfig, wanted: ReturnType<typeof recordsStreamConfig>): boolean {
  return (
    existing.subjects.join() !== wanted.subjects.join() ||
    existing.num_replicas !== wanted.num_replicas ||
    existing.max_bytes !== wanted.max_bytes ||
    existing.max_age !== wanted.max_age ||
    existing.max_msg_size !== wanted.max_msg_size
  );
}
