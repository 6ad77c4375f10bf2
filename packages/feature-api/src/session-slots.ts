import { sessionSlot } from './session.ts';

// State of a session that a feature keeps and the edge, or another feature, goes by.

/** It wants copies of what its user's other sessions send and receive (XEP-0280): an edge tells the others so. */
export const wantsCarbons = sessionSlot<boolean>('carbons', false);
