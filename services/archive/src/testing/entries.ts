import type { Bus, Log } from '@starling/bus';
import {
  type ArchivePreferences,
  COPY,
  type Copy,
  decodeEnvelope,
  type Envelope,
  encodeArchivePreferences,
  encodeBlockList,
  encodeEnvelope,
  FATE,
  type Fate,
  KIND,
  type Kind,
  partitionOf,
  streamOf,
  subjects,
} from '@starling/contracts';
import type { BareJid, Jid } from '@starling/jid';
import type { TailEntry } from '../tail-entry.ts';
import { STREAMS } from './world.ts';

export const streamOfUser = (user: string): number => streamOf(partitionOf(user as BareJid), STREAMS);

/** A user whose log is on this stream. */
export function userOn(stream: number, name = 'user'): BareJid {
  for (let i = 0; ; i++) {
    const user = `${name}${i}@example.com`;
    if (streamOfUser(user) === stream) return user as BareJid;
  }
}

let nextId = 0;

export interface EntryOptions {
  readonly kind?: Kind;
  readonly fate?: Fate;
  readonly copy?: Copy;
  readonly type?: string;
  readonly from?: string;
  /** Default: the owner. */
  readonly to?: string;
  readonly hints?: number;
  readonly id?: string;
  readonly body?: string;
  /** Instead of a message. */
  readonly payload?: Uint8Array;
}

export function envelopeTo(owner: BareJid, options: EntryOptions = {}): Envelope {
  const id = options.id ?? `id-${++nextId}`;
  return {
    id,
    owner,
    from: (options.from ?? 'sender@example.com/phone') as Jid,
    to: (options.to ?? owner) as Jid,
    kind: options.kind ?? KIND.message,
    type: options.type ?? 'chat',
    fate: options.fate ?? FATE.archived,
    copy: options.copy ?? COPY.received,
    hints: options.hints ?? 0,
    origin: 'edge-1/1',
    sentAtMs: Date.now(),
    after: 0,
    stanza:
      options.payload ?? Buffer.from(`<message type='chat' id='${id}'><body>${options.body ?? id}</body></message>`),
  };
}

/** As it stands in a tail. */
export function tailEntry(owner: BareJid, sequence: number, options: EntryOptions = {}): TailEntry {
  const envelope = envelopeTo(owner, options);
  const data = encodeEnvelope(envelope);
  return {
    stream: 0,
    sequence,
    committedAtMs: sequence,
    id: envelope.id,
    data,
    size: data.length,
    envelope: decodeEnvelope(data),
  };
}

export async function append(log: Log, owner: BareJid, options?: EntryOptions): Promise<number> {
  const envelope = envelopeTo(owner, options);
  return (await log.append(owner, envelope.id, encodeEnvelope(envelope))).sequence;
}

export const create = (log: Log, owner: BareJid) => append(log, owner, { kind: KIND.accountCreated, copy: COPY.self });
export const remove = (log: Log, owner: BareJid) => append(log, owner, { kind: KIND.accountDeleted, copy: COPY.self });

/** From here on the owner has blocked these. */
export const block = (log: Log, owner: BareJid, version: number, ...jids: string[]) =>
  append(log, owner, {
    ...{ kind: KIND.blocksChanged, copy: COPY.self, fate: FATE.passing, from: owner, id: `blocks-${version}` },
    payload: encodeBlockList({ version, jids, cleared: false }),
  });

/** From here on the owner wants this archived. */
export const prefer = (log: Log, owner: BareJid, preferences: ArchivePreferences) =>
  append(log, owner, {
    ...{ kind: KIND.preferencesChanged, copy: COPY.self, fate: FATE.passing, from: owner },
    id: `preferences-${preferences.version}`,
    payload: encodeArchivePreferences(preferences),
  });

/** The live stanzas (no log entries) on a user's subject, as they come. */
export function listen(bus: Bus, user: BareJid): Envelope[] {
  const heard: Envelope[] = [];
  bus.subscribe(subjects.user(user), ({ data, commit }) => {
    if (commit === undefined) heard.push(decodeEnvelope(data));
  });
  return heard;
}

/** Waits for a condition, bounded. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
