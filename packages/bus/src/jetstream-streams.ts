import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { PARTITIONS, REPUBLISH, streamName, streamSubjects } from '@starling/contracts';
import { LogConfigError } from './log.ts';

export interface StreamSettings {
  readonly streams: number;
  readonly replicas: 1 | 3;
  /** Bound of one stream on disk. */
  readonly bytesMax: number;
  readonly duplicateWindowMs: number;
}

// nats-server 2.9 and 2.10 can lose acknowledged entries in Raft corner cases that 2.11 fixed.
const REPLICAS_VERSION_MIN = [2, 11] as const;
const VERSION_MIN = [2, 9] as const;
const NANOS_A_MS = 1_000_000;
const RETRY_MS = 250;
export const NAME_IN_USE = 10058;

/** @throws LogConfigError when this server is too old for what is asked of it */
export function checkServerVersion(version: string, replicas: number): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const wanted = replicas > 1 ? REPLICAS_VERSION_MIN : VERSION_MIN;
  if (major > wanted[0] || (major === wanted[0] && minor >= wanted[1])) return;
  throw new LogConfigError(`nats-server ${version}: ${replicas} replica(s) need ${wanted.join('.')} or later`);
}

/**
 * Makes the streams that are missing and brings the others up to date; with `manage` false, waits until they are there.
 * @throws LogConfigError when existing streams were made for another number of streams; the client's error after timeoutMs
 */
export async function ensureStreams(
  manager: JetStreamManager,
  settings: StreamSettings,
  manage: boolean,
  timeoutMs: number,
): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  for (let s = 0; s < settings.streams; s++) {
    await retryUntil(deadlineMs, () => ensureStream(manager, s, settings, manage));
  }
  await retryUntil(deadlineMs, () => refuseStream(manager, settings.streams));
}

async function ensureStream(manager: JetStreamManager, s: number, settings: StreamSettings, manage: boolean) {
  const wanted = streamConfig(s, settings);
  const existing = await configOf(manager, wanted.name);
  if (existing === undefined) {
    if (!manage) throw new LogConfigError(`stream ${wanted.name} does not exist yet`, { transient: true });
    try {
      await manager.streams.add(wanted);
    } catch (error) {
      // Policy: another process made it at the same time; what it made is checked at the next try.
      if (error instanceof JetStreamApiError && error.code === NAME_IN_USE) {
        throw new LogConfigError(`stream ${wanted.name} was made meanwhile`, { transient: true });
      }
      throw error;
    }
    return;
  }
  if (existing.subjects.join() !== wanted.subjects.join()) {
    throw new LogConfigError(
      `stream ${wanted.name} was made for another number of streams than ${settings.streams}: that number is fixed`,
    );
  }
  if (manage && differs(existing, wanted)) await manager.streams.update(wanted.name, wanted);
}

// More streams than configured: what they capture overlaps with ours, and their entries would be forgotten.
async function refuseStream(manager: JetStreamManager, s: number): Promise<void> {
  if ((await configOf(manager, streamName(s))) !== undefined) {
    throw new LogConfigError(`stream ${streamName(s)} exists: there are more streams than ${s}`);
  }
}

export async function configOf(manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return undefined;
    throw error;
  }
}

/** As it is to be. */
export function streamConfig(s: number, settings: StreamSettings) {
  return {
    name: streamName(s),
    subjects: streamSubjects(s, settings.streams, PARTITIONS),
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    // The default, `old`, silently drops what is not archived yet.
    discard: DiscardPolicy.New,
    num_replicas: settings.replicas,
    max_bytes: settings.bytesMax,
    duplicate_window: settings.duplicateWindowMs * NANOS_A_MS,
    republish: { src: REPUBLISH.source, dest: REPUBLISH.destination },
  } satisfies Partial<StreamConfig>;
}

function differs(existing: StreamConfig, wanted: ReturnType<typeof streamConfig>): boolean {
  return (
    existing.num_replicas !== wanted.num_replicas ||
    existing.max_bytes !== wanted.max_bytes ||
    existing.duplicate_window !== wanted.duplicate_window ||
    existing.discard !== wanted.discard ||
    existing.republish?.dest !== wanted.republish.dest
  );
}

// A cluster that has just started has no leader for a while, and a stream that has just been made neither.
export async function retryUntil(deadlineMs: number, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      // Policy: a setting that cannot work is told at once, all else is tried until the deadline.
      if (error instanceof LogConfigError && !error.transient) throw error;
      if (Date.now() >= deadlineMs) throw error;
      // It keeps nobody alive whose connection has been closed meanwhile.
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
    }
  }
}
