import type { Bus, Delivery } from '@starling/bus';
import {
  decodeEnvelope,
  deliveredAnswer,
  type Envelope,
  EnvelopeError,
  encodeSessionTable,
  KIND,
} from '@starling/contracts';

/** Far above what an edge takes to answer, and below what it waits for an answer (STARLING_RPC_TIMEOUT). */
const PATIENCE_MS = 1_500;

/**
 * Who asks on a user's feed hears at once from the bus when nobody listens, and takes that for the answer. A watcher listens: it says the
 * same for whoever is not there, behind all who are.
 */
export function answerForNobody(bus: Pick<Bus, 'publish'>, { data, replyTo }: Delivery): void {
  if (replyTo === '') return;
  let envelope: Envelope;
  try {
    envelope = decodeEnvelope(data);
  } catch (error) {
    // Policy: what cannot be read nobody can answer.
    if (error instanceof EnvelopeError) return;
    throw error;
  }
  const { kind, owner: user } = envelope;
  const answer =
    kind === KIND.sessionTable ? encodeSessionTable({ user, epoch: 0, version: 0, rows: [] }) : deliveredAnswer(false);
  setTimeout(() => bus.publish(replyTo, answer), PATIENCE_MS).unref();
}
