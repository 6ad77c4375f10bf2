import { type ArchivePreferences, COPY, FATE, KIND } from '@starling/contracts';
import { isBlocked } from '@starling/features/xep-0191-blocking/is-blocked';
import { keepingOf, keepsArchived } from '@starling/features/xep-0441-mam-preferences/keeps-archived';
import { peerOf } from './peer-of.ts';
import { isRetraction, withTombstones } from './retractions.ts';
import type { TailEntry } from './tail-entry.ts';
import { jidsIn, preferencesIn } from './writer.ts';

/** What an owner's entries are judged by, at one place of his log. */
export interface OwnerState {
  /** He has an account. */
  readonly exists: boolean;
  readonly blocked: readonly string[];
  readonly preferences: ArchivePreferences | undefined;
  /** Too much waits for him. */
  readonly isOverQuota: boolean;
}

export interface Judged {
  /** What will be rows of the archive, in order. */
  readonly entries: readonly TailEntry[];
  /** What is written is about to be erased: the account was removed since. */
  readonly isErased: boolean;
}

const NO_ACCOUNT: OwnerState = { exists: false, blocked: [], preferences: undefined, isOverQuota: false };

/**
 * What the writer will make of one owner's entries that are not written yet, for whoever reads his archive meanwhile (write-rows.ts, the
 * gatekeeper): `state` is what there was before the first of them.
 */
export function judge(state: OwnerState, entries: readonly TailEntry[]): Judged {
  let now = judgement(state);
  let kept: TailEntry[] = [];
  const hidden = new Set<TailEntry | undefined>();
  let isErased = false;
  for (const entry of entries) {
    const { envelope } = entry;
    if (envelope === undefined) continue;
    if (envelope.kind === KIND.accountDeleted) {
      now = judgement(NO_ACCOUNT);
      kept = [];
      isErased = true;
    } else if (envelope.kind === KIND.accountCreated) now = { ...now, exists: true };
    else if (envelope.kind === KIND.blocksChanged) now = { ...now, blocked: new Set(jidsIn(entry) ?? now.blocked) };
    else if (envelope.kind === KIND.preferencesChanged) {
      const preferences = preferencesIn(entry);
      if (preferences !== undefined) now = { ...now, keeping: keepingOf(preferences) };
    } else if (envelope.kind === KIND.message && envelope.fate === FATE.archived && now.exists) {
      const { owner, copy, from } = envelope;
      if (copy === COPY.received && (now.isOverQuota || isBlocked(now.blocked, from, owner))) continue;
      const isKept = keepsArchived(now.keeping, peerOf(envelope));
      // What takes a message back does so, whether it is archived itself or not.
      if (!isKept && isRetraction(entry)) hidden.add(entry);
      if (isKept || isRetraction(entry)) kept.push(entry);
    }
  }
  return { entries: withTombstones(kept).filter((_, i) => !hidden.has(kept[i])), isErased };
}

const judgement = ({ exists, blocked, preferences, isOverQuota }: OwnerState) => ({
  ...{ exists, isOverQuota },
  blocked: new Set(blocked),
  keeping: preferences && keepingOf(preferences),
});
