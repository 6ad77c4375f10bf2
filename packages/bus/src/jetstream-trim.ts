import type { JetStreamManager } from '@nats-io/jetstream';
import { streamName } from '@starling/contracts';

/**
 * The first sequence in [first, end) whose entry was committed at or after sinceMs; `end` when there is none. Sequences rise with
 * time, so it is a binary search: about thirty reads for a full stream. (A consumer by start time would say it in one request,
 * but differently from version to version.)
 */
export async function firstSequenceSince(
  manager: JetStreamManager,
  stream: number,
  first: number,
  end: number,
  sinceMs: number,
): Promise<number> {
  let low = first;
  let high = end;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const message = await manager.streams.getMessage(streamName(stream), { seq: middle });
    // A sequence without an entry cannot be told old or young: to keep it is the safe side.
    const isOld = message !== null && message.time.getTime() < sinceMs;
    if (isOld) low = middle + 1;
    else high = middle;
  }
  return low;
}
