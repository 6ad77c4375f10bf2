import { type ArchiveDefault, comparePositions, type Position, START, unpackPosition } from '@starling/contracts';
import type { Queryable, Row } from '@starling/db';
import type { OwnerState } from '../judge.ts';

/** What an owner's entries are judged by, and since which place of his log that is so. */
export interface WrittenState extends OwnerState {
  readonly since: Position;
}

interface StateRow extends Row {
  readonly created: bigint;
  readonly over_quota: boolean;
  readonly jids: string[] | null;
  readonly blocks_position: bigint | null;
  readonly fallback: ArchiveDefault | null;
  readonly always: string[] | null;
  readonly never: string[] | null;
  readonly roster: string[] | null;
  readonly preferences_position: bigint | null;
}

const NO_ACCOUNT: WrittenState = {
  exists: false,
  blocked: [],
  preferences: undefined,
  isOverQuota: false,
  since: START,
};

/** As the rows tell now. */
export async function selectOwnerState(db: Queryable, owner: string): Promise<WrittenState> {
  const [row] = await db.query<StateRow>(
    `select o.created, o.over_quota, b.jids, b.position as blocks_position, p.fallback, p.always, p.never, p.roster,
        p.position as preferences_position
      from archive_owner o left join archive_block b using (owner) left join archive_preference p using (owner)
      where owner = $1`,
    [owner],
  );
  if (row === undefined) return NO_ACCOUNT;
  const { created, over_quota, jids, blocks_position, fallback, always, never, roster, preferences_position } = row;
  return {
    exists: true,
    blocked: jids ?? [],
    isOverQuota: over_quota,
    preferences:
      fallback === null
        ? undefined
        : { version: 0, fallback, always: always ?? [], never: never ?? [], roster: roster ?? [] },
    since: [created, blocks_position ?? 0n, preferences_position ?? 0n].map(unpackPosition).reduce(later),
  };
}

const later = (a: Position, b: Position): Position => (comparePositions(a, b) >= 0 ? a : b);
