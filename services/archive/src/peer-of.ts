import { COPY, type Envelope } from '@starling/contracts';
import type { Jid } from '@starling/jid';

/** With whom a message of the owner's log is: its recipient if he has sent it, else its sender (XEP-0441 "JID matching"). */
export const peerOf = ({ copy, from, to }: Pick<Envelope, 'copy' | 'from' | 'to'>): Jid =>
  copy === COPY.sent ? to : from;
