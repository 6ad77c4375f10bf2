import { decodeEnvelope, EnvelopeError } from '@starling/contracts';
import type { Db } from '@starling/db';
import { bareOf } from '@starling/jid';
import { peerOf } from './peer-of.ts';
import { selectWithoutPeer, updatePeers } from './sql/rows-without-peer.ts';

/** Rows of one statement. */
const ROWS_MAX = 1_000;
/** Of a row that nobody can read: it is with nobody. */
const NOBODY = '';

/** Fills in what rows of an older release do not say; at once when there are none. Who is interrupted goes on at the next start. */
export async function fillPeers(db: Db): Promise<void> {
  for (;;) {
    const rows = await selectWithoutPeer(db, ROWS_MAX);
    if (rows.length === 0) return;
    await updatePeers(
      db,
      rows.map(({ owner, position, envelope }) => ({ owner, position, peer: peerIn(envelope) })),
    );
  }
}

function peerIn(envelope: Uint8Array): string {
  try {
    return bareOf(peerOf(decodeEnvelope(envelope)));
  } catch (error) {
    // Policy: nobody gets to see it, and the others must not wait for it.
    if (!(error instanceof EnvelopeError)) throw error;
    return NOBODY;
  }
}
