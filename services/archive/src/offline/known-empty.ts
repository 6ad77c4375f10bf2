import type { Recent } from '../recent.ts';
import type { Tail } from '../tail.ts';
import type { Span } from './coverage.ts';

interface Written {
  readonly recent: Recent | undefined;
  readonly epoch: number | undefined;
}
interface Read extends Written {
  readonly tail: Pick<Tail, 'has' | 'readUpTo'> | undefined;
}

/** Whether it is known without the database that the user has received nothing in this part of his log, as far as that is written. */
export function isKnownEmpty({ recent, epoch }: Written, user: string, { after, upTo }: Span): boolean {
  if (recent === undefined || after.epoch !== epoch || upTo.epoch !== epoch) return false;
  if (!recent.knows(user, after.sequence)) return false;
  return recent.entriesOf(user, after.sequence, upTo.sequence).every(({ isSent }) => isSent);
}

/** The same of a part that may not be written yet, or not even read: a session gets what is committed before the archive does. */
export function isKnownEmptyAhead(archive: Read, user: string, span: Span): boolean {
  const { tail } = archive;
  if (tail === undefined || tail.readUpTo < span.upTo.sequence || tail.has(user)) return false;
  return isKnownEmpty(archive, user, span);
}
