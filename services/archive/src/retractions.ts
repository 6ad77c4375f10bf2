import {
  COPY,
  type Envelope,
  encodeEnvelope,
  HINT,
  hasHint,
  KIND,
  type Position,
  packPosition,
} from '@starling/contracts';
import type { Queryable } from '@starling/db';
import {
  isTakenBack,
  type Retraction,
  retractionOf,
  tombstoneOf,
} from '@starling/features/xep-0424-retraction/tombstone';
import { bareOf } from '@starling/jid';
import { escapedIdOf } from '@starling/stanza';
import { peerOf } from './peer-of.ts';
import { CANDIDATES_MAX, type SearchBounds, selectRetracted } from './sql/select-retracted.ts';
import { type NewEnvelope, updateEnvelopes } from './sql/update-envelopes.ts';
import type { TailEntry } from './tail-entry.ts';

/** An entry that may take back an earlier one of its log (XEP-0424). */
export const isRetraction = ({ envelope }: Pick<TailEntry, 'envelope'>): boolean =>
  envelope?.kind === KIND.message && hasHint(envelope.hints, HINT.retraction);

/**
 * Puts tombstones in the place of what these entries take back, in the order of the log; they are rows already, in the same transaction.
 * @returns how many messages were taken back
 */
export async function writeTombstones(
  tx: Queryable,
  epoch: number,
  entries: readonly TailEntry[],
  bounds: SearchBounds,
): Promise<number> {
  const wanted = entries.flatMap((entry) => {
    const retraction = read(entry);
    return retraction ? [{ ...searchFor(entry, retraction, epoch), retraction }] : [];
  });
  if (wanted.length === 0) return 0;
  const changed = new Map<string, NewEnvelope>();
  for (const { place, row, envelope } of await selectRetracted(tx, wanted, bounds)) {
    const retraction = wanted[place]?.retraction;
    const key = `${row.owner} ${packPosition(row.position)}`;
    if (retraction === undefined || changed.has(key) || !isTakenBack(envelope, retraction)) continue;
    const tombstone = tombstoneOf(envelope, retraction);
    if (tombstone) changed.set(key, { ...row, envelope: encodeEnvelope(tombstone) });
  }
  if (changed.size > 0) await updateEnvelopes(tx, [...changed.values()]);
  return changed.size;
}

function searchFor({ sequence, envelope }: TailEntry, { escapedTargetId }: Retraction, epoch: number) {
  const before: Position = { epoch, sequence };
  const peer = envelope === undefined ? '' : bareOf(peerOf(envelope));
  const bytes = Buffer.from(` id="${escapedTargetId}"`);
  return { owner: envelope?.owner ?? '', before, peer, copy: envelope?.copy ?? COPY.received, bytes };
}

/** One owner's entries that are not rows yet, as they will be read when they are: a reader need not wait for the database. */
export function withTombstones(entries: readonly TailEntry[]): readonly TailEntry[] {
  if (!entries.some(isRetraction)) return entries;
  const shown = [...entries];
  /** Where what may be taken back stands, by key; the newest last, as many as are looked at among the rows. */
  const places = new Map<string, number[]>();
  for (const [i, entry] of shown.entries()) {
    const retraction = isRetraction(entry) ? read(entry) : undefined;
    if (retraction)
      for (const at of places.get(keyOf(retraction, retraction.escapedTargetId)) ?? []) takeBack(shown, at, retraction);
    else if (entry.envelope) note(places, keyOf(entry.envelope, escapedIdOf(entry.envelope.stanza)), i);
  }
  return shown;
}

function note(places: Map<string, number[]>, key: string, at: number): void {
  const known = places.get(key);
  if (known === undefined) places.set(key, [at]);
  else if (known.push(at) > CANDIDATES_MAX) known.shift();
}

function takeBack(shown: TailEntry[], at: number, retraction: Retraction): void {
  const entry = shown[at];
  if (!entry?.envelope || !isTakenBack(entry.envelope, retraction)) return;
  const envelope = tombstoneOf(entry.envelope, retraction);
  if (envelope === undefined) return;
  const data = encodeEnvelope(envelope);
  shown[at] = { ...entry, envelope, data, size: data.length };
}

const keyOf = ({ from, to }: Pick<Envelope, 'from' | 'to'>, escapedId: string): string =>
  `${bareOf(from)}\n${bareOf(to)}\n${escapedId}`;

function read({ envelope, committedAtMs }: TailEntry): Retraction | undefined {
  try {
    return envelope && retractionOf(envelope, committedAtMs);
  } catch {
    // Policy: what nobody can read takes nothing back; the log goes on.
    return undefined;
  }
}
