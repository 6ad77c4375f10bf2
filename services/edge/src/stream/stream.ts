import { randomBytes } from 'node:crypto';
import { NS, StreamError } from '@starling/stanza';
import { type Scanned, Scanner, type StreamHead, XmlError } from '@starling/xml';
import type { ByteChannel } from '../listen/byte-channel.ts';
import type { ClientSession, Link } from '../session.ts';
import { type Framing, messageFraming, streamFraming } from './framing.ts';
import { checkHeader, replyToHeader } from './header.ts';
import { Negotiation } from './negotiation.ts';
import type { StreamHost } from './stream-host.ts';

/** Unpredictable, RFC 6120 §4.7.3. */
const STREAM_ID_BYTES = 12;
const WS_CLOSE_NORMAL = 1000;
/** RFC 6455 §7.4 registry, "Service Restart". */
export const WS_CLOSE_RESTART = 1012;

/**
 * One client's XML stream, from the first byte to the end tag (RFC 6120 §4, RFC 7395). It negotiates (Negotiation) until a
 * resource is bound, then hands every stanza to its session.
 */
export class Stream implements Link {
  readonly peerAddress: string;
  readonly loopback: boolean;
  readonly #host: StreamHost;
  readonly #channel: ByteChannel;
  readonly #framing: Framing;
  readonly #scanner: Scanner;
  readonly #negotiation: Negotiation;
  #session: ClientSession | undefined;
  /** The client's header has come since the last restart. */
  #opened = false;
  /** Ours has gone out since the last restart. */
  #headerSent = false;
  #closed = false;
  /** What follows in the chunk that is being read is thrown away. */
  #dropRest = false;
  /** Inside the scanner's write: only then it can be told to pause. */
  #reading = false;
  /** Reading is stopped as often as this; what comes meanwhile is kept. */
  #stalls = 0;
  #backlog: Uint8Array[] = [];
  #backlogBytes = 0;
  #handshakeTimer: NodeJS.Timeout | undefined;

  constructor(channel: ByteChannel, host: StreamHost) {
    this.#channel = channel;
    this.#host = host;
    this.peerAddress = channel.peerAddress;
    this.loopback = channel.loopback;
    this.#framing = channel.framing === 'stream' ? streamFraming : messageFraming;
    this.#scanner = new Scanner(channel.framing, host.scanLimits, {
      onStreamOpen: (head) => this.#onHeader(head),
      onElement: (element) => this.#onElement(element),
      onStreamClose: () => this.#onEnd(),
    });
    this.#negotiation = new Negotiation(this, host);
    channel.onData = (chunk) => this.#onData(chunk);
    channel.onClose = () => this.#onGone();
    this.#handshakeTimer = setTimeout(() => this.fail(new StreamError('connection-timeout')), host.config.handshakeMs);
    this.#handshakeTimer.unref();
  }

  get secure(): boolean {
    return this.#channel.secure;
  }

  get canUpgrade(): boolean {
    return this.#channel.canUpgrade;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** An element of the negotiation. */
  writeElement(element: Parameters<Framing['element']>[0]): void {
    this.#send(this.#framing.element(element));
  }

  write(encoded: Uint8Array): void {
    this.#send(this.#framing.stanza(encoded));
  }

  stall(): void {
    if (this.#stalls++ > 0) return;
    if (this.#reading) this.#scanner.pause();
    this.#channel.pause();
  }

  unstall(): void {
    if (--this.#stalls > 0 || this.#closed) return;
    this.#readBacklog();
    if (this.#stalls === 0) this.#channel.resume();
  }

  /** A new stream follows on the same connection: after STARTTLS and after SASL (RFC 6120 §4.3.3). */
  restart(): void {
    this.#opened = false;
    this.#headerSent = false;
    this.#scanner.restart();
  }

  /** RFC 6120 §5.4.3.3: what was read in clear is forgotten, TLS starts, a new stream follows. */
  upgrade(): void {
    this.#backlog = [];
    this.#backlogBytes = 0;
    if (this.#reading) {
      // The rest of this chunk came in clear too: whoever put it there must not speak inside TLS.
      this.#dropRest = true;
      this.#scanner.pause();
    }
    this.#channel.upgrade();
    this.restart();
  }

  /** The resource is bound: from here on stanzas go to the session. */
  bound(session: ClientSession): void {
    clearTimeout(this.#handshakeTimer);
    this.#session = session;
  }

  fail(error: StreamError, webSocketCode: number = WS_CLOSE_NORMAL): void {
    if (this.#closed) return;
    this.#host.metrics.streamErrors.inc(1, { condition: error.condition });
    // RFC 6120 §4.9.1.2: an error comes behind a header, even when the client's was what was wrong.
    if (!this.#headerSent) this.#writeHeader({ to: '', lang: 'en' });
    this.#send(this.#framing.error(error));
    this.#close(webSocketCode);
  }

  #onData(chunk: Uint8Array): void {
    if (this.#closed) return;
    if (this.#stalls > 0) this.#keep(chunk);
    else this.#read(chunk);
  }

  #read(chunk: Uint8Array): void {
    this.#reading = true;
    try {
      const end = this.#scanner.write(chunk);
      if (end < chunk.length && !this.#closed && !this.#dropRest) this.#keep(chunk.subarray(end), true);
      this.#dropRest = false;
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      this.fail(new StreamError(error.condition, error.message, { cause: error }));
    } finally {
      this.#reading = false;
    }
  }

  /** Input of a stalled connection. A copy: what a transport hands over is its own again afterwards. */
  #keep(chunk: Uint8Array, first = false): void {
    this.#backlogBytes += chunk.length;
    if (this.#backlogBytes > this.#host.config.inboundBacklogBytesMax) {
      // WebSockets cannot be paused: no end tag, so that the session could be resumed.
      this.#channel.destroy();
      return;
    }
    const copy = Uint8Array.from(chunk);
    if (first) this.#backlog.unshift(copy);
    else this.#backlog.push(copy);
  }

  #readBacklog(): void {
    while (this.#stalls === 0 && !this.#closed) {
      const chunk = this.#backlog.shift();
      if (chunk === undefined) return;
      this.#backlogBytes -= chunk.length;
      this.#read(chunk);
    }
  }

  #onHeader(head: StreamHead): void {
    this.#opened = true;
    this.#writeHeader(replyToHeader(head));
    try {
      checkHeader(head, this.#channel.framing, this.#host.domain);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.fail(error);
      return;
    }
    this.#send(this.#framing.features(this.#negotiation.features()));
  }

  #onElement(element: Scanned): void {
    if (this.#closed) return;
    if (this.#session !== undefined && element.ns === NS.client) {
      this.#session.receive(element);
    } else if (this.#channel.framing === 'message' && element.ns === NS.framing && element.name === 'close') {
      this.#onEnd();
    } else if (!this.#opened) {
      this.#onHeader(element);
    } else if (this.#session !== undefined) {
      this.fail(new StreamError('unsupported-stanza-type')); // RFC 6120 §4.9.3.24
    } else {
      this.#negotiation.handle(element);
    }
  }

  /** The client closed its stream: answer in kind, then close the connection (RFC 6120 §4.4, RFC 7395 §3.6). */
  #onEnd(): void {
    if (this.#closed) return;
    if (!this.#headerSent) this.#writeHeader({ to: '', lang: 'en' });
    this.#close(WS_CLOSE_NORMAL);
  }

  #close(code: number): void {
    this.#send(this.#framing.end);
    this.#closed = true;
    if (this.#reading) this.#scanner.pause();
    this.#end();
    this.#channel.close(code);
  }

  #onGone(): void {
    this.#closed = true;
    this.#end();
  }

  /** Once, whichever of stream and connection ended first. */
  #end(): void {
    clearTimeout(this.#handshakeTimer);
    this.#backlog = [];
    const session = this.#session;
    this.#session = undefined;
    if (session !== undefined) this.#host.sessionEnded(session);
    this.#host.streamEnded(this);
  }

  #writeHeader(reply: { to: string; lang: string }): void {
    this.#headerSent = true;
    const id = randomBytes(STREAM_ID_BYTES).toString('base64url');
    this.#send(this.#framing.header({ from: this.#host.domain, id, ...reply }));
  }

  #send(bytes: Uint8Array): void {
    if (!this.#closed) this.#channel.send(bytes);
  }
}
