import { type Channel, type Endpoint, openChannel } from '@starling/testkit';
import { StanzaSplitter } from '../presence/stanza-splitter.ts';

const NS = { client: 'jabber:client', framing: 'urn:ietf:params:xml:ns:xmpp-framing' } as const;
const STREAMS = 'http://etherx.jabber.org/streams';

/** The connection is gone. */
export class WireClosedError extends Error {
  override readonly name = 'WireClosedError';
}

/** One connection of a client, as text: what TCP and WebSocket have in common (RFC 6120 §4, RFC 7395 §3). */
export class Wire {
  readonly closed: Promise<void>;
  readonly #isWebSocket: boolean;
  readonly #splitter = new StanzaSplitter();
  readonly #unread: string[] = [];
  #resolveClosed = () => {};
  #channel: Channel | undefined;
  #isClosed = false;
  #wake = () => {};
  #onElement: ((element: string) => void) | undefined;

  private constructor(isWebSocket: boolean) {
    this.#isWebSocket = isWebSocket;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** @throws Error when there is no connection */
  static async open(endpoint: Endpoint, domain: string): Promise<Wire> {
    const wire = new Wire(endpoint.transport === 'ws');
    wire.#channel = await openChannel(endpoint, domain, {
      text: (text) => wire.#read(text),
      closed: () => wire.#close(),
    });
    return wire;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The stream's header. */
  openStream(domain: string): void {
    if (this.#isWebSocket) this.write(`<open xmlns='${NS.framing}' to='${domain}' version='1.0'/>`);
    else this.write(`<stream:stream xmlns='${NS.client}' xmlns:stream='${STREAMS}' to='${domain}' version='1.0'>`);
  }

  /** An element that declares its namespace. */
  write(element: string): void {
    if (!this.#isClosed) this.#channel?.write(element);
  }

  /** A stanza: RFC 7395 §3.3.3, on a WebSocket it has to say whose it is. */
  stanza(text: string): void {
    this.write(this.#isWebSocket ? text.replace(/^<\w+/, `$& xmlns='${NS.client}'`) : text);
  }

  /** Ends the stream, and does not wait. */
  end(): void {
    this.write(this.#isWebSocket ? `<close xmlns='${NS.framing}'/>` : '</stream:stream>');
    if (!this.#isWebSocket) this.#channel?.end();
  }

  /** As if the client's machine had died. */
  destroy(): void {
    this.#channel?.destroy();
    this.#close();
  }

  /** The next element, before `flow` is called. @throws WireClosedError */
  async next(): Promise<string> {
    while (this.#unread.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const element = this.#unread.shift();
    if (element === undefined) throw new WireClosedError('closed');
    return element;
  }

  /** From now on everything goes there, beginning with what is unread. */
  flow(onElement: (element: string) => void): void {
    this.#onElement = onElement;
    for (const element of this.#unread.splice(0)) onElement(element);
  }

  #read(text: string): void {
    for (const element of this.#splitter.push(text)) {
      if (element.startsWith('<open')) continue;
      if (this.#onElement === undefined) this.#unread.push(element);
      else this.#onElement(element);
    }
    this.#wake();
  }

  #close(): void {
    this.#isClosed = true;
    this.#wake();
    this.#resolveClosed();
  }
}
