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
  const isOld = async (sequence: number) => {
    const message = await manager.streams.getMessage(streamName(stream), { seq: sequence });
    // A sequence without an entry cannot be told old or young: to keep it is the safe side.
    return message !== null && message.time.getTime() < sinceMs;
  };
  // Most of the time there is nothing to trim yet.
  if (first >= end || !(await isOld(first))) return first;
  let low = first + 1;
  let high = end;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await isOld(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
