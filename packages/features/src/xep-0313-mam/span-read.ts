import type { PageReply, PageRequest, Position } from '@starling/contracts';
import type { ArchiveSpan } from '@starling/feature-api';

/**
 * Which part of the archive a page is the whole of: what waits offline (XEP-0160) need not be given again to whoever has got that. Undefined: none, or
 * a choice (by JID or ids), of which nobody knows what lies between.
 */
export function spanRead(
  { after, startMs, with: jid, ids, backwards }: PageRequest,
  { entries, complete }: Pick<PageReply, 'entries' | 'complete'>,
): ArchiveSpan | undefined {
  const [first, last] = [entries.at(0), entries.at(-1)];
  if (first === undefined || last === undefined || jid !== '' || ids.length > 0) return undefined;
  // What is older than `start` was left out, and of a page from the end what had no room.
  const isFromThere = startMs == null && (!backwards || complete);
  return { after: isFromThere ? (after ?? undefined) : before(first.position), upTo: last.position };
}

const before = ({ epoch, sequence }: Position): Position => ({ epoch, sequence: sequence - 1 });
