import { type ArchivePreferences, type Position, packPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';

export interface NewPreferences {
  readonly owner: string;
  readonly preferences: ArchivePreferences;
  readonly position: Position;
  readonly committedAtMs: number;
  readonly entryId: string;
  readonly envelope: Uint8Array;
}

/** From this entry on the owner wants this archived. Moves the watermark with it; of an owner without an account nothing else. */
export async function writePreferences(
  db: Queryable,
  stream: number,
  from: Position,
  { owner, preferences, position, committedAtMs, entryId, envelope }: NewPreferences,
): Promise<boolean> {
  const { fallback, always, never, roster } = preferences;
  const [row] = await db.query<{ moved: boolean }>(
    `with moved as (
      update archive_stream set position = $3 where stream = $1 and position = $2 returning stream
    ), kept as (
      insert into archive_preference
        (owner, fallback, always, never, roster, position, committed_at_ms, entry_id, envelope)
        select owner, $5, $6::text[], $7::text[], $8::text[], $3, $9, $10, $11 from archive_owner
          where owner = $4 and exists (select from moved)
        on conflict (owner) do update set fallback = excluded.fallback, always = excluded.always,
          never = excluded.never, roster = excluded.roster, position = excluded.position,
          committed_at_ms = excluded.committed_at_ms, entry_id = excluded.entry_id, envelope = excluded.envelope
    )
    select (select count(*) from moved) > 0 as moved`,
    [
      ...[stream, packPosition(from), packPosition(position), owner, fallback, always, never, roster],
      ...[committedAtMs, entryId, envelope],
    ],
  );
  return row?.moved ?? false;
}
