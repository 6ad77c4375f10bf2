import type { Socket } from 'node:net';
import type { AddressRanges } from './address-ranges.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { plainAddress } from './peer.ts';
import { readProxyHeader } from './proxy-header.ts';
import { ignore } from './queued-channel.ts';

export interface ProxiedOptions {
  /** Who puts a PROXY header before each connection, always; from anybody else none is taken. */
  readonly proxies: AddressRanges;
  /** How long a proxy has for its header. */
  readonly headerTimeoutMs: number;
  readonly limits: ConnectionLimits;
}

/** Finds out whose connections these are. Those whose proxy has not said so yet count against the bound of all connections. */
export class Proxied {
  readonly #options: ProxiedOptions;
  readonly #waiting = new Set<Socket>();

  constructor(options: ProxiedOptions) {
    this.#options = options;
  }

  /** Connections of proxies without a header yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Calls `accept` with the client's plain address: at once, or when the header is read. What stands behind the header is left in the
   * socket. A proxy that says nothing legal is cut off: to take it for the client would spare every client behind it the limits.
   */
  identify(socket: Socket, accept: (socket: Socket, address: string) => void): void {
    const { proxies, headerTimeoutMs, limits } = this.#options;
    const peer = plainAddress(socket.remoteAddress);
    if (proxies.isEmpty || !proxies.has(peer)) {
      accept(socket, peer);
      return;
    }
    if (limits.open + this.#waiting.size >= limits.connectionsMax) {
      limits.hit('connections');
      socket.destroy();
      return;
    }
    this.#waiting.add(socket);
    let header = Buffer.alloc(0);
    const refuse = () => {
      // Who says nothing at all has only looked whether somebody is here.
      if (header.length > 0) limits.hit('proxy_header');
      socket.destroy();
    };
    const timer = setTimeout(() => {
      limits.hit('proxy_header');
      socket.destroy();
    }, headerTimeoutMs);
    const settle = () => {
      clearTimeout(timer);
      this.#waiting.delete(socket);
    };
    const read = () => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      header = Buffer.concat([header, chunk]);
      const found = readProxyHeader(header);
      if (found.kind === 'malformed') refuse();
      if (found.kind !== 'complete') return;
      settle();
      socket.off('readable', read).off('end', refuse).off('close', settle).off('error', ignore);
      // TLS, too, begins with what is left in the socket.
      if (header.length > found.bytes) socket.unshift(header.subarray(found.bytes));
      accept(socket, found.source === undefined ? peer : plainAddress(found.source));
    };
    socket.on('readable', read).once('end', refuse).once('close', settle).on('error', ignore);
  }

  /** Cuts off those that have not said who they are. */
  stop(): void {
    for (const socket of this.#waiting) socket.destroy();
  }
}
