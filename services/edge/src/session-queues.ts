import { type MetricsRegistry, trackQueues } from '@starling/runtime';
import type { EdgeConfig } from './config.ts';
import type { ClientSession } from './session.ts';

/** Of one session, or of the fullest one for each. */
interface Fill {
  inbound: number;
  inboundBytes: number;
  sendBufferBytes: number;
  sm: number;
  smBytes: number;
}

/** All gauges of one scrape are of one look. */
const LOOK_MS = 200;

type Bounds = Pick<
  EdgeConfig,
  'inboundQueueMax' | 'inboundQueueBytesMax' | 'sendBufferBytesMax' | 'smQueueMax' | 'smQueueBytesMax'
>;

/**
 * Shows how full the fullest session's queues are. Nothing is counted while stanzas come and go: whoever reads the metrics has all sessions
 * looked at. Returns the undo.
 */
export function showSessionQueues(
  metrics: MetricsRegistry,
  config: Bounds,
  sessions: () => Iterable<ClientSession>,
): () => void {
  let fullest = fullestOf([]);
  let lookedAtMs = -LOOK_MS;
  const look = (): Fill => {
    const nowMs = performance.now();
    if (nowMs - lookedAtMs < LOOK_MS) return fullest;
    lookedAtMs = nowMs;
    fullest = fullestOf(sessions());
    return fullest;
  };
  return trackQueues(metrics, {
    session_inbound: { limit: config.inboundQueueMax, used: () => look().inbound },
    session_inbound_bytes: { limit: config.inboundQueueBytesMax, used: () => look().inboundBytes },
    session_send_buffer_bytes: { limit: config.sendBufferBytesMax, used: () => look().sendBufferBytes },
    session_sm: { limit: config.smQueueMax, used: () => look().sm },
    session_sm_bytes: { limit: config.smQueueBytesMax, used: () => look().smBytes },
  });
}

/** Of each queue the most that a session has in it. */
export function fullestOf(
  sessions: Iterable<Pick<ClientSession, 'waiting' | 'waitingBytes' | 'bufferedBytes' | 'sm'>>,
): Fill {
  const most: Fill = { inbound: 0, inboundBytes: 0, sendBufferBytes: 0, sm: 0, smBytes: 0 };
  for (const { waiting, waitingBytes, bufferedBytes, sm } of sessions) {
    most.inbound = Math.max(most.inbound, waiting);
    most.inboundBytes = Math.max(most.inboundBytes, waitingBytes);
    most.sendBufferBytes = Math.max(most.sendBufferBytes, bufferedBytes);
    if (sm === undefined) continue;
    most.sm = Math.max(most.sm, sm.queue.length);
    most.smBytes = Math.max(most.smBytes, sm.queue.bytes);
  }
  return most;
}
