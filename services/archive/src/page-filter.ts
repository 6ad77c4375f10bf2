import { comparePositions, type Envelope, type PageRequest, type Position, packPosition } from '@starling/contracts';
import { bareOf, isFull, type Jid } from '@starling/jid';
import { peerOf } from './peer-of.ts';

export type PageQuery = Omit<PageRequest, 'known' | 'limit' | 'backwards' | 'count'>;

/** What a page is chosen by, of a message. */
export interface Facts {
  readonly position: Position;
  readonly committedAtMs: number;
  readonly envelope: Pick<Envelope, 'copy' | 'from' | 'to'>;
}

/** Whether a message of the archive is asked for (XEP-0313 §"Filtering results"). */
export function pageFilter(query: PageQuery): (facts: Facts) => boolean {
  const { after, before, startMs, endMs } = query;
  const ids = query.ids.length === 0 ? undefined : new Set(query.ids.map(packPosition));
  const isWith = withFilter(query.with);
  return ({ position, committedAtMs, envelope }) =>
    (after == null || comparePositions(position, after) > 0) &&
    (before == null || comparePositions(position, before) < 0) &&
    (startMs == null || committedAtMs >= startMs) &&
    (endMs == null || committedAtMs <= endMs) &&
    (ids === undefined || ids.has(packPosition(position))) &&
    isWith(envelope);
}

/**
 * Whether a message is with somebody (§"Filtering by JID"), '' being anybody. The owner's own JID stands for what he has sent to
 * himself only, since every message would match it otherwise: so the other one is looked at, and a resource at both ends.
 */
export function withFilter(jid: string): (envelope: Pick<Envelope, 'copy' | 'from' | 'to'>) => boolean {
  if (jid === '') return () => true;
  const bare: string = bareOf(jid as Jid);
  if (!isFull(jid as Jid)) return (envelope) => bareOf(peerOf(envelope)) === bare;
  return (envelope) => bareOf(peerOf(envelope)) === bare && (envelope.from === jid || envelope.to === jid);
}
