import { type Position, packPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';

export interface NewEnvelope {
  readonly owner: string;
  readonly position: Position;
  readonly committedAtMs: number;
  readonly envelope: Uint8Array;
}

/** Puts other envelopes in these rows; what is gone meanwhile stays gone. */
export async function updateEnvelopes(db: Queryable, rows: readonly NewEnvelope[]): Promise<void> {
  await db.query(
    `update archive a set envelope = n.envelope
      from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bytea[]) as n (owner, position, committed_at_ms, envelope)
      where a.owner = n.owner and a.position = n.position and a.committed_at_ms = n.committed_at_ms`,
    [
      rows.map((r) => r.owner),
      rows.map((r) => packPosition(r.position)),
      rows.map((r) => r.committedAtMs),
      rows.map((r) => r.envelope),
    ],
  );
}
