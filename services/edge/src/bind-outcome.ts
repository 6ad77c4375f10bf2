import { RpcError } from '@starling/bus';
import { StanzaError } from '@starling/stanza';
import type { BindOutcome } from './metrics.ts';

const OURS: ReadonlySet<string> = new Set(['internal-server-error', 'remote-server-timeout', 'service-unavailable']);

/** Whose fault it is that a resource was not bound: the owner has said no, or nobody could say anything. */
export function bindOutcomeOf(error: unknown): BindOutcome {
  if (!(error instanceof StanzaError)) return 'failed';
  // The owner's own word has him as its cause (presence/binding.ts).
  if (error.condition === 'resource-constraint') return error.cause instanceof RpcError ? 'refused' : 'failed';
  return OURS.has(error.condition) ? 'failed' : 'refused';
}
