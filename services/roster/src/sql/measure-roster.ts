import type { Queryable } from '@starling/db';

export interface RosterSize {
  readonly items: number;
  /** As a message of the bus has them, about; traces of removed items included. */
  readonly bytes: number;
}

/** Around an item's texts: tags, lengths, numbers. */
const ITEM_BYTES = 40;
const GROUP_BYTES = 4;

/** How large a roster is without the item of this JID. */
export async function measureRoster(tx: Queryable, user: string, except: string): Promise<RosterSize> {
  const [row] = await tx.query<{ items: bigint; bytes: bigint }>(
    `select count(*) filter (where not removed) as items,
            coalesce(sum($3::int + octet_length(jid) + octet_length(name) + cardinality(groups) * $4::int
                         + octet_length(array_to_string(groups, ''))), 0)::bigint as bytes
       from roster_item where username = $1 and jid <> $2`,
    [user, except, ITEM_BYTES, GROUP_BYTES],
  );
  return { items: Number(row?.items ?? 0), bytes: Number(row?.bytes ?? 0) };
}

/** The bytes of an item, counted like those. */
export const itemBytes = (item: { jid: string; name: string; groups: readonly string[] }): number =>
  [item.jid, item.name, ...item.groups].reduce((sum, text) => sum + Buffer.byteLength(text), ITEM_BYTES) +
  item.groups.length * GROUP_BYTES;
