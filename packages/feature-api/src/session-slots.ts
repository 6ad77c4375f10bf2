import { sessionSlot } from './session.ts';

/** The client has asked for its archive (XEP-0313): what is in there it does not need from offline storage (XEP-0160). */
export const readsArchive = sessionSlot<boolean>('readsArchive', false);
