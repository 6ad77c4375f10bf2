import type { Delivery } from '@starling/bus';
import {
  COPY,
  decodeEnvelope,
  decodeSessionTable,
  type Envelope,
  EnvelopeError,
  FATE,
  KIND,
  SESSION_STATE,
  streamName,
} from '@starling/contracts';
import { bareOf, resourceOf } from '@starling/jid';
import { hashUser } from '@starling/runtime';

/** A hop that something has taken on its way, in order. */
export interface Hop {
  /** `session`: the sender's, on its edge; `log`: committed there; `feed`: on its way to the edges that follow the user. */
  readonly at: 'session' | 'log' | 'feed';
  /** `edge-1/aB3`, `M3 #4711`, … */
  readonly where: string;
}

/** One thing that came for a watched user, without what it says: no bodies, and nobody's address. */
export interface WatchedEvent {
  /** Unix time in ms, when it was seen. */
  readonly atMs: number;
  readonly kind: string;
  /** The stanza's type attribute. */
  readonly type: string;
  readonly fate: string;
  /** Whose copy of a message: of what the user received, sent, or wrote to himself. */
  readonly copy: string;
  /** The other side: a short name that is the same for the same bare JID everywhere, logs included (STARLING_LOG_USERS). */
  readonly peer: string;
  /** Of the address it is for; '' = the account's. */
  readonly resource: string;
  readonly stanzaBytes: number;
  /** Since its sender's edge took it, by both clocks; undefined: nobody sent it. */
  readonly ageMs: number | undefined;
  readonly hops: readonly Hop[];
  /** Of a table of sessions: where they are. */
  readonly sessions: readonly { readonly edge: string; readonly state: string; readonly count: number }[];
}

const nameOf = (table: Readonly<Record<string, number>>, value: number): string =>
  Object.keys(table).find((name) => table[name] === value) ?? String(value);

/** What may be shown of a delivery on a user's feed. Never throws: what cannot be read is shown as that. */
export function watchedEvent({ data, commit, replyTo }: Delivery, nowMs: number): WatchedEvent {
  const envelope = readEnvelope(data);
  if (envelope === undefined) return { ...NOTHING, atMs: nowMs, kind: 'unreadable', stanzaBytes: data.length };
  const { kind, type, fate, copy, owner, from, to, stanza, sentAtMs } = envelope;
  const isTable = kind === KIND.sessionTable;
  const other = copy === COPY.sent ? to : from;
  return {
    atMs: nowMs,
    // A question for the table is one without an answer in it.
    kind: isTable && replyTo !== '' ? 'sessionQuestion' : nameOf(KIND, kind),
    type,
    fate: nameOf(FATE, fate),
    copy: kind === KIND.message ? nameOf(COPY, copy) : '',
    peer: other === '' || bareOf(other) === owner ? '' : hashUser(bareOf(other)),
    resource: to === '' || bareOf(to) !== owner ? '' : resourceOf(to),
    stanzaBytes: stanza.length,
    ageMs: sentAtMs === 0 ? undefined : Math.max(0, nowMs - sentAtMs),
    hops: hopsOf(envelope, commit),
    sessions: isTable && replyTo === '' ? sessionsIn(stanza) : [],
  };
}

const NOTHING: WatchedEvent = {
  ...{ atMs: 0, kind: '', type: '', fate: '', copy: '', peer: '', resource: '', stanzaBytes: 0, ageMs: undefined },
  ...{ hops: [], sessions: [] },
};

function readEnvelope(data: Uint8Array): Envelope | undefined {
  try {
    return decodeEnvelope(data);
  } catch (error) {
    // Policy: it is shown that it was there.
    if (error instanceof EnvelopeError) return undefined;
    throw error;
  }
}

function hopsOf({ origin }: Envelope, commit: Delivery['commit']): readonly Hop[] {
  const hops: Hop[] = [];
  if (origin !== '') hops.push({ at: 'session', where: origin });
  if (commit !== undefined) hops.push({ at: 'log', where: `${streamName(commit.stream)} #${commit.sequence}` });
  return [...hops, { at: 'feed', where: '' }];
}

function sessionsIn(table: Uint8Array): WatchedEvent['sessions'] {
  const counts = new Map<string, { edge: string; state: string; count: number }>();
  for (const { edge, state } of decodeSessionTable(table).rows) {
    const key = `${edge} ${state}`;
    const found = counts.get(key) ?? { edge, state: nameOf(SESSION_STATE, state), count: 0 };
    counts.set(key, { ...found, count: found.count + 1 });
  }
  return [...counts.values()];
}
