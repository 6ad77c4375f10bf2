import type { Log } from '@starling/bus';
import {
  type ArchivedEntry,
  COPY,
  comparePositions,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  entryId,
  FATE,
  KIND,
  type Position,
} from '@starling/contracts';
import { type BareJid, bareOf, domainOf } from '@starling/jid';
import { delayXml, withChild } from '@starling/stanza';

const NOTHING = new Uint8Array(0);

/** A page of one owner's entries behind a place. */
export type ReadPage = (
  after: Position,
) => Promise<{ readonly entries: readonly ArchivedEntry[]; readonly complete: boolean }>;

/** What was for the resource of a session that is over, up to here. */
export interface Owed {
  readonly user: BareJid;
  readonly resource: string;
  readonly after: Position;
  readonly upTo: Position;
  /** What is still there for the next session is not handed on. */
  readonly waits: (position: Position) => boolean;
}

/**
 * Puts messages that a resource was to get, and has not, into the log again, to the account: it goes to the other sessions or waits (RFC 6121
 * §8.5.3.2.1, as if nobody had that resource). Not once more in the archive: it is the same message, with its delay (XEP-0203). Whoever
 * tells the same again changes nothing.
 * @throws what reading and appending throw
 */
export async function handOn(
  log: Pick<Log, 'append'>,
  { user, resource, after, upTo, waits }: Owed,
  read: ReadPage,
): Promise<number> {
  let count = 0;
  for (let reached = after; comparePositions(reached, upTo) < 0; ) {
    const { entries, complete } = await read(reached);
    for (const entry of entries) {
      const next = handedOn(entry, `${user}/${resource}`);
      if (next === undefined || waits(entry.position)) continue;
      await log.append(user, next.id, encodeEnvelope(next));
      count++;
    }
    const last = entries.at(-1)?.position;
    if (complete || last === undefined) break;
    reached = last;
  }
  return count;
}

/** Undefined when it is not for that address, or for nobody else (§8.5.3.2.1). */
function handedOn({ position, committedAtMs, envelope: bytes }: ArchivedEntry, address: string): Envelope | undefined {
  const envelope = decodeEnvelope(bytes);
  const { kind, copy, to, type, fate, owner } = envelope;
  const isOwed = kind === KIND.message && copy !== COPY.sent && to === address && TYPES.has(type);
  if (!isOwed) return undefined;
  const { epoch, sequence } = position;
  const key = `owed:${address}:${epoch}/${sequence}`;
  const id = entryId({ sender: bareOf(envelope.from), owner, key, payload: NOTHING });
  const repeats = fate === FATE.archived ? { repeatsEpoch: epoch, repeatsSequence: sequence } : {};
  return {
    // Field by field what protobuf may have left out of it.
    ...{ owner, from: envelope.from, to: owner, kind, type, hints: envelope.hints, sentAtMs: envelope.sentAtMs },
    ...{ id, fate: FATE.passing, copy: COPY.received, origin: '', after: 0 },
    ...repeats,
    stanza: withChild(envelope.stanza, delayXml(domainOf(owner), committedAtMs)),
  };
}

/** Of messages that are for the account when its resource is not there. */
const TYPES: ReadonlySet<string> = new Set(['', 'normal', 'chat', 'headline']);
