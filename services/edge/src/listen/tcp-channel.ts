import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { bindingsOf, type ChannelBindings, NO_BINDINGS } from './channel-bindings.ts';
import { type ChannelOptions, ignore, QueuedChannel } from './queued-channel.ts';
import type { TlsIdentity } from './tls-context.ts';

/** XEP-0368: what a client that speaks ALPN must ask for. */
const ALPN = ['xmpp-client'];

/** How long the peer may take to end the connection before we do. */
const END_DELAY_MS = 100;

export interface TcpChannelOptions extends ChannelOptions {
  readonly tls: TlsIdentity | undefined;
  readonly direct: boolean;
}

/** A TCP connection, in clear or with TLS. */
export class TcpChannel extends QueuedChannel {
  readonly framing = 'stream';
  readonly canUpgrade: boolean;
  readonly #tls: TlsIdentity | undefined;
  /** The plain socket, or the TLS one on top of it. */
  #socket: Socket;
  #secure = false;
  #paused = false;
  /** <proceed/> is on its way: until the kernel has it, nothing else can be sent and nothing is read. */
  #startingTls = false;

  constructor(socket: Socket, options: TcpChannelOptions) {
    super(options);
    this.#socket = socket;
    this.#tls = options.tls;
    this.canUpgrade = options.tls !== undefined && !options.direct;
    socket.on('close', () => this.ended());
    // 'close' follows, also below TLS.
    socket.on('error', ignore);
    if (options.direct) this.#wrap(ALPN);
    else this.#listen(socket);
  }

  get secure(): boolean {
    return this.#secure;
  }

  override get bindings(): ChannelBindings {
    return this.state === 'open' && this.#socket instanceof TLSSocket ? bindingsOf(this.#socket) : NO_BINDINGS;
  }

  pause(): boolean {
    this.#paused = true;
    if (this.state === 'open' && !this.#startingTls) this.#socket.pause();
    return true;
  }

  resume(): void {
    this.#paused = false;
    if (this.state === 'open' && !this.#startingTls) this.#socket.resume();
  }

  upgrade(): void {
    if (this.state !== 'open' || this.#secure || !this.canUpgrade) return;
    const socket = this.#socket;
    socket.removeAllListeners('data').pause();
    // What is here by now came in clear behind <starttls/>: an attacker's commands, if it were taken for a part of the encrypted stream.
    while (socket.read() !== null);
    this.#secure = true;
    this.#startingTls = true;
    // TLS must not overtake <proceed/>.
    socket.write(Buffer.concat(this.takeQueued()), () => {
      this.#startingTls = false;
      if (this.state === 'open') this.#wrap();
    });
  }

  protected unsentBytes(): number {
    return this.#socket.writableLength;
  }

  protected canWrite(): boolean {
    return !this.#startingTls;
  }

  protected write(queued: readonly Uint8Array[], queuedBytes: number): void {
    const [first] = queued;
    // One buffer: copying costs less than a list of writes.
    this.#socket.write(queued.length === 1 && first !== undefined ? first : Buffer.concat(queued, queuedBytes));
  }

  protected end(): void {
    // Unread input would make the kernel reset the connection, and the peer would lose our last words. So it is read and dropped.
    const socket = this.#socket.removeAllListeners('data').on('data', ignore).resume();
    if (socket.readableEnded) {
      socket.end();
      return;
    }
    // RFC 6120 §4.4: both tags first, then the connection. A client that decrypts our close_notify in the same read as our closing tag
    // may lose the tag (Smack 4.5 does); so the connection is the peer's to end, for a moment.
    const timer = setTimeout(() => socket.end(), END_DELAY_MS);
    socket.once('end', () => socket.end()).once('close', () => clearTimeout(timer));
  }

  protected cut(): void {
    this.#socket.removeAllListeners('data').destroy();
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk) => {
      if (this.state === 'open') this.onData(chunk);
    });
    // The peer says no more. XMPP ends a stream with a tag; who stops without one gets what is queued, and no answer to come.
    socket.on('end', () => this.close());
  }

  /** Puts TLS on top of the socket, which from here on belongs to it. */
  #wrap(alpn?: string[]): void {
    if (this.#tls === undefined) throw new Error('TLS without a certificate');
    this.#secure = true;
    const socket = new TLSSocket(this.#socket, {
      isServer: true,
      secureContext: this.#tls.context,
      ...(alpn === undefined ? {} : { ALPNProtocols: alpn }),
    });
    this.#socket = socket;
    // A failed handshake: 'close' follows (RFC 6120 §5.4.3.2: without a closing tag).
    socket.on('error', ignore);
    // A broken record after it: of a TLSSocket that no tls.Server has made, Node tells this by its internal event only, and leaves it open.
    socket.on('_tlsError', () => this.destroy());
    this.#listen(socket);
    if (this.#paused) socket.pause();
    this.writeQueued();
  }
}
