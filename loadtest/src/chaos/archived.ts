import { COPY, decodeEnvelope, FATE } from '@starling/contracts';
import type { Db } from '@starling/db';
import { readBody, type Series } from './member.ts';

/** Numbers in one account's archive, in its order, of messages that somebody has sent: by `<sender> <series> <copy>`. */
export type ArchivedNumbers = ReadonlyMap<string, readonly number[]>;

export const keyOf = (owner: string, sender: string, series: Series, copy: number): string =>
  `${owner} ${sender} ${series} ${copy}`;

/** What the archive has of a run. */
export async function readArchived(db: Db, run: string, sinceMs: number): Promise<ArchivedNumbers> {
  const rows = await db.query<{ owner: string; envelope: Uint8Array }>(
    // What waits, or has waited, for somebody is in no archive (XEP-0313 shows none of it).
    'select owner, envelope from archive where committed_at_ms >= $1 and fate = $2 order by owner, position',
    [sinceMs, FATE.archived],
  );
  const numbers = new Map<string, number[]>();
  for (const { owner, envelope } of rows) {
    const { copy, stanza } = decodeEnvelope(envelope);
    const body = readBody(Buffer.from(stanza).toString());
    if (body.run !== run) continue;
    const key = keyOf(owner, body.username, body.series, copy);
    const list = numbers.get(key);
    if (list === undefined) numbers.set(key, [body.number]);
    else list.push(body.number);
  }
  return numbers;
}

/** The archives of one series: of its sender and of its recipient, or of the one who is both. */
export function archivesOf(
  archived: ArchivedNumbers,
  sender: { readonly user: string; readonly username: string },
  recipient: string,
  series: Series,
): readonly (readonly number[])[] {
  const of = (owner: string, copy: number) => archived.get(keyOf(owner, sender.username, series, copy)) ?? [];
  if (series === 'self') return [of(sender.user, COPY.self)];
  return [of(sender.user, COPY.sent), of(recipient, COPY.received)];
}
