import { RecordConflictError, type Records } from '@starling/bus';
import { decodeMembership, encodeMembership, type Group, type MembershipDocument, subjects } from '@starling/contracts';
import type { Clock } from './clock.ts';
import { NO_DOCUMENT } from './document.ts';

export interface ChangeOptions {
  readonly records: Records;
  readonly group: Group;
  readonly clock: Clock;
  readonly attemptsMax: number;
  readonly onConflict: () => void;
}

export interface Changed {
  /** The newest version, changed or not. */
  readonly document: MembershipDocument;
  readonly isChanged: boolean;
}

const BACKOFF_MIN_MS = 5;
const BACKOFF_MAX_MS = 200;

export async function readDocument(records: Records, group: Group): Promise<MembershipDocument | undefined> {
  const record = await records.get(subjects.membership(group));
  return record && decodeMembership(record.value);
}

/**
 * Changes the document by compare-and-set: reads it, asks for the next version, writes that; from the beginning when somebody else was
 * first. `change` runs right before the write, and gives back the same object for "no change".
 * @throws RecordConflictError when the attempts are used up, RecordsUnavailableError (it may have been written or not)
 */
export async function changeDocument(
  options: ChangeOptions,
  change: (document: MembershipDocument) => MembershipDocument,
): Promise<Changed> {
  const { records, group, clock, attemptsMax, onConflict } = options;
  const key = subjects.membership(group);
  for (let attempt = 1; ; attempt++) {
    const record = await records.get(key);
    const document = record ? decodeMembership(record.value) : NO_DOCUMENT;
    const next = change(document);
    if (next === document) return { document, isChanged: false };
    try {
      await records.put(key, encodeMembership(next), record?.revision ?? 0);
      return { document: next, isChanged: true };
    } catch (error) {
      // Policy: somebody else was first, or a follower gave an old version: it is read again, a bounded number of times.
      if (!(error instanceof RecordConflictError) || attempt >= attemptsMax) throw error;
      onConflict();
      await pause(clock, attempt);
    }
  }
}

/** Random, so that those who collided do not collide again. */
function pause(clock: Clock, attempt: number): Promise<void> {
  const longestMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** attempt);
  return new Promise((resolve) => clock.after(Math.random() * longestMs, resolve));
}
