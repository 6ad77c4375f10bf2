import type { Position } from '@starling/contracts';
import { sessionSlot } from './session.ts';

/**
 * Up to here the client reads its archive (XEP-0313, XEP-0386): what is in there it does not need from offline storage (XEP-0160). What comes
 * behind it, and before the client is available, it does need.
 */
export const archiveReadUpTo = sessionSlot<Position | undefined>('archiveReadUpTo', undefined);
// State of a session that a feature keeps and the edge, or another feature, goes by.

/** It wants copies of what its user's other sessions send and receive (XEP-0280): an edge tells the others so. */
export const wantsCarbons = sessionSlot<boolean>('carbons', false);
