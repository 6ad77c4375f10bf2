import { createHash } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import WebSocket from 'ws';

/** Where a client connects to. `path` is for WebSocket only. */
export interface Endpoint {
  /** TCP with STARTTLS, direct TLS (XEP-0368), or WebSocket (RFC 7395). */
  readonly transport: 'tcp' | 'tls' | 'ws';
  readonly host: string;
  readonly port: number;
  readonly path?: string;
}

export interface ChannelEvents {
  text(text: string): void;
  /** Once, however it came about; `code` is WebSocket's. */
  closed(code: number): void;
}

/** A connection that carries text: what TCP and WebSocket have in common. */
export interface Channel {
  write(data: string | Uint8Array): void;
  /** Ends politely: what was written is sent. */
  end(): void;
  /** Cuts at once, like a client that died. */
  destroy(): void;
  /** TCP only: goes on in TLS (RFC 6120 §5.4.3.3). */
  startTls(domain: string): Promise<void>;
  /** The server's certificate, once there is TLS. */
  certificate(): tls.PeerCertificate | undefined;
  /** What a login can be bound to (RFC 9266; RFC 5929, of a certificate signed with SHA-256). @throws Error without TLS */
  binding(type: 'tls-exporter' | 'tls-server-end-point'): Uint8Array;
}

/** Time to connect and to shake hands. */
const CONNECT_TIMEOUT_MS = 10_000;

export const WEBSOCKET_PATH = '/xmpp-websocket';

function whenReady(emitter: NodeJS.EventEmitter, event: string, label: string, discard: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => settle(new Error(`${label}: no connection within ${CONNECT_TIMEOUT_MS} ms`)),
      CONNECT_TIMEOUT_MS,
    );
    const onReady = () => settle();
    const onError = (cause: unknown) => settle(new Error(`${label}: cannot connect`, { cause }));
    const onClose = () => settle(new Error(`${label}: closed before it was open`));
    function settle(error?: Error): void {
      clearTimeout(timer);
      emitter.off(event, onReady).off('error', onError).off('close', onClose);
      if (error === undefined) {
        resolve();
        return;
      }
      emitter.on('error', () => undefined); // Policy: it is given up, for the reason that is told.
      discard();
      reject(error);
    }
    emitter.on(event, onReady).on('error', onError).on('close', onClose);
  });
}

// The certificate of a test is self-signed: tests of certificates look at Channel.certificate().
const TLS_OPTIONS = { rejectUnauthorized: false, ALPNProtocols: ['xmpp-client'] } as const;

class SocketChannel implements Channel {
  #socket: net.Socket;
  readonly #events: ChannelEvents;

  constructor(socket: net.Socket, events: ChannelEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#listen(socket);
  }

  #listen(socket: net.Socket): void {
    socket.setNoDelay(true);
    // Not setEncoding: STARTTLS needs the bytes of the same socket again. Fatal: a server must not send broken UTF-8.
    const decoder = new TextDecoder('utf-8', { fatal: true });
    socket.on('data', (bytes: Buffer) => this.#events.text(decoder.decode(bytes, { stream: true })));
    socket.on('error', () => undefined); // Policy: a reset is a way to be closed, which is told next.
    socket.on('close', () => this.#events.closed(0));
  }

  write(data: string | Uint8Array): void {
    this.#socket.write(data);
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async startTls(domain: string): Promise<void> {
    const plain = this.#socket;
    plain.removeAllListeners('data');
    plain.removeAllListeners('close');
    const secure = tls.connect({ ...TLS_OPTIONS, socket: plain, servername: domain });
    await whenReady(secure, 'secureConnect', 'STARTTLS', () => secure.destroy());
    this.#socket = secure;
    this.#listen(secure);
  }

  certificate(): tls.PeerCertificate | undefined {
    return this.#socket instanceof tls.TLSSocket ? this.#socket.getPeerCertificate() : undefined;
  }

  binding(type: 'tls-exporter' | 'tls-server-end-point'): Uint8Array {
    if (!(this.#socket instanceof tls.TLSSocket)) throw new Error('there is no TLS to bind to');
    return type === 'tls-exporter'
      ? this.#socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
      : createHash('sha256').update(this.#socket.getPeerCertificate().raw).digest();
  }
}

class WebSocketChannel implements Channel {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, events: ChannelEvents) {
    this.#socket = socket;
    socket.on('message', (data, isBinary) => {
      // RFC 7395 §3.2: data frames are text.
      if (isBinary) socket.terminate();
      else events.text(String(data));
    });
    socket.on('error', () => undefined); // Policy: as above.
    socket.on('close', (code) => events.closed(code));
  }

  write(data: string | Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(data, { binary: false });
  }

  end(): void {
    this.#socket.close();
  }

  destroy(): void {
    this.#socket.terminate();
  }

  startTls(): Promise<void> {
    return Promise.reject(new Error('RFC 7395 §3.8: no STARTTLS on a WebSocket'));
  }

  certificate(): undefined {
    return undefined;
  }

  binding(): never {
    throw new Error('a WebSocket has nothing to bind to');
  }
}

/** Connects; tells what comes to `events`. @throws Error when there is no connection in time */
export async function openChannel(endpoint: Endpoint, domain: string, events: ChannelEvents): Promise<Channel> {
  const { transport, host, port } = endpoint;
  const label = `${transport}://${host}:${port}`;
  if (transport === 'ws') {
    const socket = new WebSocket(`ws://${host}:${port}${endpoint.path ?? WEBSOCKET_PATH}`, ['xmpp']);
    const channel = new WebSocketChannel(socket, events);
    await whenReady(socket, 'open', label, () => socket.terminate());
    return channel;
  }
  const socket =
    transport === 'tls' ? tls.connect({ ...TLS_OPTIONS, host, port, servername: domain }) : net.connect({ host, port });
  await whenReady(socket, transport === 'tls' ? 'secureConnect' : 'connect', label, () => socket.destroy());
  return new SocketChannel(socket, events);
}
