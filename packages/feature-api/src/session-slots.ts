import { sessionSlot } from './session.ts';

/** The client has asked for its archive (XEP-0313): what is in there it does not need from offline storage (XEP-0160). */
export const readsArchive = sessionSlot<boolean>('readsArchive', false);
// State of a session that a feature keeps and the edge, or another feature, goes by.

/** It wants copies of what its user's other sessions send and receive (XEP-0280): an edge tells the others so. */
export const wantsCarbons = sessionSlot<boolean>('carbons', false);
