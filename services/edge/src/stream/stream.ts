import { randomBytes } from 'node:crypto';
import { NS as SM } from '@starling/features/xep-0198-stream-management/elements';
import { NS as CSI } from '@starling/features/xep-0352-csi/importance';
import type { BareJid } from '@starling/jid';
import { NS, StreamError } from '@starling/stanza';
import { type Element, type Scanned, type StreamHead, XmlError } from '@starling/xml';
import type { ByteChannel } from '../listen/byte-channel.ts';
import type { ChannelBindings } from '../listen/channel-bindings.ts';
import type { ClientSession, Link } from '../session.ts';
import { type Framing, messageFraming, streamFraming } from './framing.ts';
import { checkHeader, type HeaderReply, languageOf, NO_HEADER, replyToHeader } from './header.ts';
import { Input, type Reader } from './input.ts';
import { featuresBehindBind, Negotiation } from './negotiation.ts';
import type { StreamHost } from './stream-host.ts';

/** Unpredictable, RFC 6120 §4.7.3. */
const STREAM_ID_BYTES = 12;
const WS_CLOSE_NORMAL = 1000;
/** RFC 6455 §7.4 registry, "Service Restart". */
export const WS_CLOSE_RESTART = 1012;
/** How long a client that has ended its stream waits for what it sent before to be handled. */
const LAST_STANZAS_MS = 5_000;

/**
 * One client's XML stream, from the first byte to the end tag (RFC 6120 §4, RFC 7395). It negotiates (Negotiation) until a
 * resource is bound, then hands every stanza to its session.
 */
export class Stream implements Link, Reader {
  readonly peerAddress: string;
  readonly loopback: boolean;
  readonly #host: StreamHost;
  readonly #channel: ByteChannel;
  readonly #framing: Framing;
  readonly #input: Input;
  /** Until a resource is bound. */
  #negotiation: Negotiation | undefined;
  #session: ClientSession | undefined;
  /** What waits to be sent; undefined: nothing has to. */
  #held: Uint8Array[] | undefined;
  #heldBytes = 0;
  #lang = '';
  #claimed: BareJid | '' = '';
  /** The client's header has come since the last restart. */
  #opened = false;
  /** Ours has gone out since the last restart. */
  #headerSent = false;
  /** The client has ended its stream; ours follows when its last stanzas are handled. */
  #ending = false;
  #closed = false;
  /** The end of the connection is not that of the session: nobody has ended the stream. */
  #unfinished = true;
  /** Of the negotiation, later of the last stanzas. */
  #timer: NodeJS.Timeout | undefined;

  constructor(channel: ByteChannel, host: StreamHost) {
    this.#channel = channel;
    this.#host = host;
    this.peerAddress = channel.peerAddress;
    this.loopback = channel.loopback;
    this.#framing = channel.framing === 'stream' ? streamFraming : messageFraming;
    this.#negotiation = new Negotiation(this, host);
    const { scanLimits, pauses, config } = host;
    const { bytesIn } = host.metrics;
    const bounds = { scanLimits, backlogBytesMax: config.inboundBacklogBytesMax, pauses, bytesIn };
    this.#input = new Input(channel, bounds, this);
    channel.onClose = () => this.#onGone();
    this.#timer = setTimeout(() => this.fail(new StreamError('connection-timeout')), host.config.handshakeMs);
    this.#timer.unref();
  }

  get secure(): boolean {
    return this.#channel.secure;
  }

  get canUpgrade(): boolean {
    return this.#channel.canUpgrade;
  }

  /** Nobody can listen: there is TLS, our own or of a proxy, or the peer is on this machine. */
  get isPrivate(): boolean {
    const { framing, secure, loopback } = this.#channel;
    return secure || loopback || (framing === 'message' && this.#host.config.httpBehindTls);
  }

  /** What a login can be bound to. */
  get bindings(): ChannelBindings {
    return this.#channel.bindings;
  }

  get isBound(): boolean {
    return this.#session !== undefined;
  }

  /** Its session has stream management (XEP-0198). */
  get isManaged(): boolean {
    return this.#session?.sm !== undefined;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get heardAt(): number {
    return this.#input.heardAt;
  }

  get bufferedBytes(): number {
    return this.#channel.bufferedBytes;
  }

  get lang(): string {
    return this.#lang;
  }

  /** Who the client said it is, in the last header; '' when it did not (RFC 6120 §4.7.1). */
  get claimed(): BareJid | '' {
    return this.#claimed;
  }

  /** An element that is no stanza. */
  writeElement(element: Element): void {
    this.#sendOrHold(this.#framing.element(element));
  }

  writeFeatures(): void {
    const features = this.#negotiation?.features() ?? featuresBehindBind(this.#host, this.isManaged);
    this.#send(this.#framing.features(features));
  }

  write(encoded: Uint8Array): void {
    this.#sendOrHold(this.#framing.stanza(encoded));
  }

  /** What comes to the session waits: its client has not been told yet that there is one. */
  hold(): void {
    this.#held = [];
  }

  /** The client is told that it has logged in; what was held back follows. */
  loggedIn(success: Element, { withFeatures }: { readonly withFeatures: boolean }): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#heldBytes = 0;
    this.writeElement(success);
    if (withFeatures) this.writeFeatures();
    for (const bytes of held) this.#send(bytes);
  }

  stall(): void {
    this.#input.stall();
  }

  unstall(): void {
    this.#input.unstall();
  }

  /** A new stream follows on the same connection: after STARTTLS and after SASL (RFC 6120 §4.3.3). */
  restart(): void {
    this.#opened = false;
    this.#headerSent = false;
    this.#input.restart();
  }

  /** RFC 6120 §5.4.3.3: what came in clear is forgotten, whoever put it there; TLS starts, a new stream follows. */
  upgrade(): void {
    this.#input.discard();
    this.#channel.upgrade();
    this.restart();
  }

  /** The resource is bound: from here on stanzas go to the session. */
  bound(session: ClientSession): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#negotiation = undefined;
    this.#session = session;
  }

  fail(error: StreamError, webSocketCode: number = WS_CLOSE_NORMAL): void {
    if (this.#closed) return;
    this.#host.metrics.streamErrors.inc(1, { condition: error.condition });
    // RFC 6120 §4.9.1.2: an error comes behind a header, even when the client's was what was wrong.
    if (!this.#headerSent) this.#writeHeader(NO_HEADER);
    this.#send(this.#framing.error(error));
    // A client that only is not heard may come back (XEP-0198 §7); of another error it hears that this was the end.
    this.#unfinished = error.condition === 'connection-timeout';
    this.#close(webSocketCode);
  }

  /** Ends the stream without an error (RFC 6120 §4.4, RFC 7395 §3.6). */
  end(): void {
    if (this.#closed) return;
    this.#unfinished = false;
    if (!this.#headerSent) this.#writeHeader(NO_HEADER);
    this.#close(WS_CLOSE_NORMAL);
  }

  leave(): void {
    if (this.#closed) return;
    this.#end();
    this.#channel.close(WS_CLOSE_RESTART);
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#channel.destroy();
  }

  onStreamOpen(head: StreamHead): void {
    this.#opened = true;
    const reply = replyToHeader(head);
    this.#claimed = reply.to;
    this.#lang = languageOf(head);
    this.#writeHeader(reply);
    try {
      checkHeader(head, this.#channel.framing, this.#host.domain);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.fail(error);
      return;
    }
    this.writeFeatures();
  }

  onElement(element: Scanned): void {
    if (this.#closed || this.#ending) return;
    if (this.#session !== undefined && element.ns === NS.client) this.#session.receive(element);
    else if (this.#session !== undefined && element.ns === SM.sm) this.#host.managed(this.#session, element);
    else if (this.#session !== undefined && element.ns === CSI.csi)
      this.#session.receive(element); // in order: XEP-0352 §5.1
    else if (this.#isEnd(element)) this.onStreamClose();
    else if (!this.#opened) this.onStreamOpen(element);
    else if (element.ns === NS.server)
      this.fail(new StreamError('invalid-namespace')); // RFC 6120 §4.8.3
    else if (this.#session !== undefined)
      this.fail(new StreamError('unsupported-stanza-type')); // §4.9.3.24
    else this.#negotiation?.handle(element);
  }

  /** The end of a framed stream (RFC 7395 §3.6); or the client's own error, to be answered with the end (RFC 6120 §4.9.1.1). */
  #isEnd({ ns, name }: Scanned): boolean {
    if (ns === NS.framing) return name === 'close' && this.#channel.framing === 'message';
    return ns === NS.streams && name === 'error';
  }

  /** The client ended its stream: what it sent before is handled and answered (RFC 6120 §10.1), then ours ends too. */
  onStreamClose(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    this.#unfinished = false;
    if (this.#session === undefined) {
      this.end();
      return;
    }
    this.#timer = setTimeout(() => this.end(), LAST_STANZAS_MS);
    this.#timer.unref();
    this.#session.whenIdle(() => this.end());
  }

  onFailure(error: unknown): void {
    if (error instanceof XmlError) {
      this.fail(new StreamError(error.condition, error.message, { cause: error }));
      return;
    }
    this.#host.log.error({ what: 'client_stream_failed', err: error });
    this.fail(new StreamError('internal-server-error', '', { cause: error }));
  }

  /** A WebSocket that cannot be paused: no end tag, so that the session could be resumed. */
  onOverflow(): void {
    this.#host.metrics.limits.inc(1, { limit: 'inbound_backlog' });
    this.destroy();
  }

  #close(code: number): void {
    // A WebSocket's client that shall come back at once is not told that this was the end.
    if (code !== WS_CLOSE_RESTART || this.#channel.framing === 'stream') this.#send(this.#framing.end);
    this.#end();
    this.#channel.close(code);
  }

  #onGone(): void {
    this.#end();
    this.#host.streamEnded(this);
  }

  /** Once, whichever of stream and connection ended first. */
  #end(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#input.close();
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    if (this.#unfinished) this.#host.linkLost(session);
    else this.#host.sessionEnded(session);
  }

  #sendOrHold(bytes: Uint8Array): void {
    if (this.#held === undefined) this.#send(bytes);
    else this.#keep(this.#held, bytes);
  }

  #keep(held: Uint8Array[], bytes: Uint8Array): void {
    held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes <= this.#host.config.sendBufferBytesMax) return;
    this.#host.metrics.limits.inc(1, { limit: 'send_buffer' });
    this.destroy();
  }

  #writeHeader({ to, lang, version }: HeaderReply): void {
    this.#headerSent = true;
    const id = randomBytes(STREAM_ID_BYTES).toString('base64url');
    this.#send(this.#framing.header({ from: this.#host.domain, id, to, lang, version }));
  }

  #send(bytes: Uint8Array): void {
    if (!this.#closed && this.#channel.send(bytes)) this.#host.metrics.bytesOut.inc(bytes.length);
  }
}
