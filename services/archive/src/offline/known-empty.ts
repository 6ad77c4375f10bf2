import type { Recent } from '../recent.ts';
import type { Span } from './coverage.ts';

/** Whether it is known without the database that the user has received nothing in this part of his log, as far as that is written. */
export function isKnownEmpty(
  { recent, epoch }: { readonly recent: Recent | undefined; readonly epoch: number | undefined },
  user: string,
  { after, upTo }: Span,
): boolean {
  if (recent === undefined || after.epoch !== epoch || upTo.epoch !== epoch) return false;
  if (!recent.knows(user, after.sequence)) return false;
  return recent.entriesOf(user, after.sequence, upTo.sequence).every(({ isSent }) => isSent);
}
