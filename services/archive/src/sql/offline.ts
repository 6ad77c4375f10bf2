import { packPosition, unpackPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';
import type { Coverage, Span } from '../offline/coverage.ts';

export interface OwnerCoverage {
  readonly owner: string;
  readonly coverage: Coverage;
}

/** Of the accounts among these; one that has covered nothing begins where it was made. */
export async function selectOffline(db: Queryable, owners: readonly string[]): Promise<readonly OwnerCoverage[]> {
  const rows = await db.query<{ owner: string; position: bigint; beyond: string }>(
    `select a.owner, greatest(a.created, coalesce(o.position, 0)) as position, coalesce(o.beyond, '') as beyond
      from archive_owner a left join archive_offline o using (owner) where a.owner = any ($1::text[])`,
    [owners],
  );
  return rows.map(({ owner, position, beyond }) => ({
    owner,
    coverage: { position: unpackPosition(position), beyond: spansIn(beyond) },
  }));
}

/** A position never goes back: of two who have written, each was right. */
export async function writeOffline(db: Queryable, all: readonly OwnerCoverage[]): Promise<void> {
  await db.query(
    `insert into archive_offline (owner, position, beyond)
      select e.owner, e.position, e.beyond from unnest($1::text[], $2::bigint[], $3::text[]) as e (owner, position, beyond)
        join archive_owner using (owner) order by owner
      on conflict (owner) do update set position = greatest(archive_offline.position, excluded.position),
        beyond = excluded.beyond`,
    [
      all.map(({ owner }) => owner),
      all.map(({ coverage }) => packPosition(coverage.position)),
      all.map(({ coverage }) => coverage.beyond.map(textOf).join(' ')),
    ],
  );
}

const textOf = ({ after, upTo }: Span): string => `${packPosition(after)}-${packPosition(upTo)}`;

const spansIn = (text: string): readonly Span[] =>
  text === ''
    ? []
    : text.split(' ').map((span) => {
        const [after = '0', upTo = '0'] = span.split('-');
        return { after: unpackPosition(BigInt(after)), upTo: unpackPosition(BigInt(upTo)) };
      });
