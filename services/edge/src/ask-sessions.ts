import { type Bus, NoRespondersError } from '@starling/bus';
import {
  COPY,
  decodeSessionTable,
  type Envelope,
  encodeEnvelope,
  FATE,
  KIND,
  type SessionRow,
  subjects,
} from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { StanzaError } from '@starling/stanza';

/**
 * The sessions of a user that this edge does not follow. Who follows him knows all of them and answers; when nobody does, the bus
 * says so at once, and there are none.
 * @throws StanzaError remote-server-timeout
 */
export async function askSessions(bus: Bus, user: BareJid, timeoutMs: number): Promise<readonly SessionRow[]> {
  try {
    const question = encodeEnvelope({ ...QUESTION, owner: user, from: user, to: user });
    return decodeSessionTable(await bus.request(subjects.user(user), question, timeoutMs)).rows;
  } catch (cause) {
    if (cause instanceof NoRespondersError) return [];
    // Policy: whatever kept the answer away, the asker may try again.
    throw new StanzaError('remote-server-timeout', '', { cause });
  }
}

/** Whether somebody asks for a user's sessions and waits for the answer. */
export const asksForSessions = ({ kind }: Envelope, replyTo: string): boolean =>
  kind === KIND.sessionTable && replyTo !== '';

const QUESTION: Omit<Envelope, 'owner' | 'from' | 'to'> = {
  id: '',
  kind: KIND.sessionTable,
  type: '',
  fate: FATE.live,
  copy: COPY.received,
  hints: 0,
  origin: '',
  sentAtMs: 0,
  after: 0,
  stanza: new Uint8Array(0),
};
