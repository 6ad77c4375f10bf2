import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { OWN_PERMISSIONS, type RolePermissions, streamName } from '@starling/contracts';
import type { BusConfig } from './config.ts';
import { recordsStreamConfig } from './jetstream-records-stream.ts';
import { streamConfig } from './jetstream-streams.ts';
import type { NatsBus } from './nats-bus.ts';
import { allRecordsSettings } from './open-records.ts';
import { streamDifferences } from './stream-differences.ts';

const TIMEOUT_MS = 3_000;

/** A stream as it is. */
export interface StreamFacts {
  readonly name: string;
  readonly exists: boolean;
  /** From how it is to be. */
  readonly differences: readonly string[];
  /** Replicas that are away, or behind. */
  readonly lagging: readonly string[];
  readonly bytes: number;
  /** -1: no bound. */
  readonly bytesMax: number;
}

/** What a NATS server says of itself, for `starling check`. */
export interface NatsFacts {
  readonly version: string;
  readonly hasJetStream: boolean;
  readonly payloadBytesMax: number;
  readonly isTls: boolean;
  /** Those that the configuration asks for; empty without JetStream. */
  readonly streams: readonly StreamFacts[];
  /** A stream of the log beyond those: it was made for another STARLING_LOG_STREAMS. */
  readonly hasMoreStreams: boolean;
  /** Unix time by the server's clock, and by ours in the middle of asking; undefined: this version does not tell (before 2.10). */
  readonly clock: { readonly serverMs: number; readonly ourMs: number } | undefined;
  /** Of the user that has entered. `everything`: it is bound by none. Undefined: this version does not tell, or may not be asked. */
  readonly permissions: RolePermissions | 'everything' | undefined;
}

/** Looks at a server, its streams and what this user may do. Changes nothing. @throws the client's error when it does not answer */
export async function inspectNats(bus: NatsBus, config: BusConfig): Promise<NatsFacts> {
  const { connection, payloadBytesMax } = bus.link;
  const { version = '', jetstream = false, tls_required: isTls = false } = connection.info ?? {};
  const shared = { version, hasJetStream: jetstream, payloadBytesMax, isTls, permissions: await permissionsOf(bus) };
  if (!jetstream) return { ...shared, streams: [], hasMoreStreams: false, clock: undefined };
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: TIMEOUT_MS });
  const clock: { found: NatsFacts['clock'] } = { found: undefined };
  const streams: StreamFacts[] = [];
  for (const wanted of wantedStreams(config)) streams.push(await lookAt(manager, wanted, clock));
  const beyond = await lookAt(manager, { name: streamName(config.logStreams) }, clock);
  return { ...shared, streams, hasMoreStreams: beyond.exists, clock: clock.found };
}

function wantedStreams(config: BusConfig) {
  const { logStreams: streams, logBytesMax: bytesMax, duplicateWindowMs } = config;
  const settings = { streams, bytesMax, duplicateWindowMs, replicas: config.logReplicas === '3' ? 3 : 1 } as const;
  const ofLog = Array.from({ length: streams }, (_, s) => streamConfig(s, settings));
  return [...ofLog, ...allRecordsSettings(config).map(recordsStreamConfig)];
}

async function lookAt(
  manager: JetStreamManager,
  wanted: { readonly name: string },
  clock: { found: NatsFacts['clock'] },
): Promise<StreamFacts> {
  const { name } = wanted;
  const askedMs = Date.now();
  try {
    const { config, state, cluster, ...rest } = await manager.streams.info(name);
    const { ts } = rest as { readonly ts?: string };
    if (ts !== undefined) clock.found = { serverMs: Date.parse(ts), ourMs: (askedMs + Date.now()) / 2 };
    const replicas = cluster?.replicas ?? [];
    const lagging = replicas.filter((r) => r.offline === true || !r.current).map((r) => r.name);
    const differences = streamDifferences(wanted, config as unknown as Readonly<Record<string, unknown>>);
    return { name, exists: true, differences, lagging, bytes: state.bytes, bytesMax: config.max_bytes };
  } catch (error) {
    // Policy: what is not there is a fact; all else is the caller's.
    if (!(error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)) throw error;
    return { name, exists: false, differences: [], lagging: [], bytes: 0, bytesMax: 0 };
  }
}

interface UserInfo {
  readonly data?: {
    readonly permissions?: {
      readonly publish?: { readonly allow?: readonly string[] };
      readonly subscribe?: { readonly allow?: readonly string[] };
    };
  };
}

async function permissionsOf(bus: NatsBus): Promise<NatsFacts['permissions']> {
  try {
    const reply = await bus.request(OWN_PERMISSIONS, new Uint8Array(0), TIMEOUT_MS);
    const { data } = JSON.parse(Buffer.from(reply).toString()) as UserInfo;
    if (data === undefined) return undefined;
    const { publish, subscribe } = data.permissions ?? {};
    if (publish === undefined && subscribe === undefined) return 'everything';
    return { publish: publish?.allow ?? ['>'], subscribe: subscribe?.allow ?? ['>'] };
  } catch {
    // Policy: a server before 2.10 has nobody who answers, and a user who may not ask hears nothing: it is not known.
    return undefined;
  }
}
