import { RpcError } from '@starling/bus';
import { type Db, DbUnavailableError } from '@starling/db';
import { writeRetention } from '../sql/retention.ts';

/** @throws RpcError item-not-found: no such account; resource-constraint: the database is away */
export async function setRetention(
  db: Db,
  { user, retentionMs }: { user: string; retentionMs?: number | undefined },
): Promise<Record<string, never>> {
  try {
    if (!(await writeRetention(db, user, retentionMs ?? null))) throw new RpcError('item-not-found', 'no such account');
    return {};
  } catch (error) {
    // Policy: this is the boundary where an absent database becomes a condition.
    if (!(error instanceof DbUnavailableError)) throw error;
    throw new RpcError('resource-constraint', 'the database is away', { cause: error });
  }
}
