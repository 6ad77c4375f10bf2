import { packPosition, unpackPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';
import type { Coverage, Span } from '../offline/coverage.ts';

export interface OwnerCoverage {
  readonly owner: string;
  readonly coverage: Coverage;
}

/** Of the accounts among these; one that has covered nothing begins where it was made. */
export async function selectOffline(db: Queryable, owners: readonly string[]): Promise<readonly OwnerCoverage[]> {
  const rows = await db.query<{ owner: string; position: bigint; beyond: string; read: string }>(
    `select a.owner, greatest(a.created, coalesce(o.position, 0)) as position, coalesce(o.beyond, '') as beyond,
        coalesce(o.read, '') as read
      from archive_owner a left join archive_offline o using (owner) where a.owner = any ($1::text[])`,
    [owners],
  );
  return rows.map(({ owner, position, beyond, read }) => ({
    owner,
    coverage: { position: unpackPosition(position), beyond: spansIn(beyond), read: spansIn(read) },
  }));
}

/** A position never goes back: of two who have written, each was right. */
export async function writeOffline(db: Queryable, all: readonly OwnerCoverage[]): Promise<void> {
  await db.query(
    `insert into archive_offline (owner, position, beyond, read)
      select e.owner, e.position, e.beyond, e.read
        from unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) as e (owner, position, beyond, read)
        join archive_owner using (owner) order by owner
      on conflict (owner) do update set position = greatest(archive_offline.position, excluded.position),
        beyond = excluded.beyond, read = excluded.read`,
    [
      all.map(({ owner }) => owner),
      all.map(({ coverage }) => packPosition(coverage.position)),
      all.map(({ coverage }) => textOf(coverage.beyond)),
      all.map(({ coverage }) => textOf(coverage.read)),
    ],
  );
}

const textOf = (spans: readonly Span[]): string =>
  spans.map(({ after, upTo }) => `${packPosition(after)}-${packPosition(upTo)}`).join(' ');

const spansIn = (text: string): readonly Span[] =>
  text === ''
    ? []
    : text.split(' ').map((span) => {
        const [after = '0', upTo = '0'] = span.split('-');
        return { after: unpackPosition(BigInt(after)), upTo: unpackPosition(BigInt(upTo)) };
      });
