import type { Listener, OnConnection } from './byte-channel.ts';
import type { WebSocketOptions } from './websocket.ts';
import { openWsNodeListener } from './ws-node.ts';
import { loadUws, openWsUwsListener, type Uws } from './ws-uws.ts';

export interface OpenWebSocketOptions extends WebSocketOptions {
  /** auto: uWebSockets.js where it has a binary for this Node, else ws. */
  readonly library: 'auto' | 'uws' | 'ws';
}

/**
 * Listens for XMPP over WebSocket (RFC 7395), and answers other HTTP requests.
 * @throws when the port is taken; with library 'uws' also when it cannot be loaded
 */
export async function openWebSocketListener(
  options: OpenWebSocketOptions,
  onConnection: OnConnection,
): Promise<Listener> {
  const uws = await chooseUws(options);
  return uws === undefined ? openWsNodeListener(options, onConnection) : openWsUwsListener(uws, options, onConnection);
}

async function chooseUws({ library, log }: OpenWebSocketOptions): Promise<Uws | undefined> {
  if (library === 'ws') return undefined;
  try {
    return await loadUws();
  } catch (error) {
    if (library === 'uws') throw error;
    // Expected where Node is newer than the binaries: ws does the same, with more CPU.
    log.warn({
      what: 'uws_load_failed',
      reason: error instanceof Error ? error.message.split('\n')[0] : String(error),
    });
    return undefined;
  }
}
