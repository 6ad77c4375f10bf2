import { StanzaError } from '@starling/stanza';
import type { Hop, TraceAttributes } from '@starling/trace';

/** Why a stanza did not go on, as a trace has it: the condition of the error that its sender gets. */
export const failureOf = (error: unknown): string =>
  error instanceof StanzaError ? error.condition : 'internal-server-error';

/** Work on a stanza that is traced: the hop ends with it, and says how. */
export async function traced(hop: Hop, attributes: TraceAttributes, work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
    hop.end(attributes);
  } catch (error) {
    hop.end(attributes, failureOf(error));
    throw error;
  }
}
