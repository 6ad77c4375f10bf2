import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { NS } from '@starling/stanza';
import { DEFAULT_LIMITS, escapeAttribute, parseElement, type Scanned, Scanner } from '@starling/xml';

/** A server did not do what a client needs. */
export class XmppError extends Error {
  override readonly name = 'XmppError';
}

export interface TryEndpoint {
  readonly host: string;
  readonly port: number;
  readonly domain: string;
  /** For every answer. */
  readonly timeoutMs: number;
}

/** Whether a client would trust the certificate, and if not, why. */
export type Trust = { readonly trusted: true } | { readonly trusted: false; readonly reason: string };

/** As much of a client as shows that clients are served: STARTTLS, PLAIN, bind, presence, messages (RFC 6120, RFC 6121). */
export class TryClient {
  readonly #endpoint: TryEndpoint;
  #socket: Socket | TLSSocket;
  #scanner: Scanner;
  readonly #arrived: Scanned[] = [];
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  private constructor(endpoint: TryEndpoint) {
    this.#endpoint = endpoint;
    this.#scanner = this.#newScanner();
    this.#socket = this.#attach(connect({ host: endpoint.host, port: endpoint.port }));
  }

  /** Connected, logged in, bound and available. @throws XmppError */
  static async login(
    endpoint: TryEndpoint,
    user: string,
    password: string,
  ): Promise<{ client: TryClient; trust: Trust }> {
    const client = new TryClient(endpoint);
    try {
      await client.#open();
      client.#write(`<starttls xmlns='${NS.tls}'/>`);
      await client.receive('the answer to STARTTLS', ({ name, ns }) => name === 'proceed' && ns === NS.tls);
      const trust = await client.#encrypt();
      await client.#open();
      const plain = Buffer.from(`\0${user}\0${password}`).toString('base64');
      client.#write(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${plain}</auth>`);
      await client.receive('the end of the login', ({ name, ns }) => name === 'success' && ns === NS.sasl);
      await client.#open();
      client.#write(`<iq type='set' id='bind'><bind xmlns='${NS.bind}'/></iq>`);
      await client.receive('a bound resource', ({ name, attrs }) => name === 'iq' && attrs.type === 'result');
      client.#write('<presence/>');
      await client.receive('its own presence', ({ name }) => name === 'presence');
      return { client, trust };
    } catch (error) {
      client.close();
      throw error;
    }
  }

  send(to: string, body: string): void {
    this.#write(
      `<message to='${escapeAttribute(to)}' type='chat' id='${escapeAttribute(body)}'><body>${escapeAttribute(body)}</body></message>`,
    );
  }

  /** The next message with this text. @throws XmppError */
  async receiveBody(body: string): Promise<void> {
    await this.receive('a message', ({ name, bytes }) => name === 'message' && bodyOf(bytes) === body);
  }

  /** Waits for an element; what else has come is dropped. @throws XmppError when it does not come in time, or an error does */
  async receive(what: string, isWanted: (element: Scanned) => boolean): Promise<void> {
    const deadlineMs = Date.now() + this.#endpoint.timeoutMs;
    for (;;) {
      for (let element = this.#arrived.shift(); element !== undefined; element = this.#arrived.shift()) {
        if (isWanted(element)) return;
        if (isRefusal(element)) throw new XmppError(`${what} did not come, but ${Buffer.from(element.bytes)}`);
      }
      if (this.#failure !== undefined) throw new XmppError(`${what} did not come: ${this.#failure.message}`);
      const leftMs = deadlineMs - Date.now();
      if (leftMs <= 0) throw new XmppError(`${what} did not come within ${this.#endpoint.timeoutMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    if (this.#failure === undefined) this.#socket.write('</stream:stream>');
    this.#socket.destroySoon();
  }

  async #open(): Promise<void> {
    this.#scanner = this.#newScanner();
    const { domain } = this.#endpoint;
    this.#write(
      `<stream:stream xmlns='${NS.client}' xmlns:stream='${NS.streams}' to='${escapeAttribute(domain)}' version='1.0'>`,
    );
    await this.receive('the features of the stream', ({ name, ns }) => name === 'features' && ns === NS.streams);
  }

  /** The certificate is looked at and told, not insisted on: this tries the service, also while it still has its own. */
  async #encrypt(): Promise<Trust> {
    const { domain, timeoutMs } = this.#endpoint;
    const plain = this.#socket.removeAllListeners('data');
    const secure = connectTls({ socket: plain, servername: domain, rejectUnauthorized: false });
    this.#socket = this.#attach(secure);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new XmppError(`no TLS within ${timeoutMs} ms`)), timeoutMs);
      timer.unref();
      secure.once('secureConnect', resolve).once('error', (cause) => reject(new XmppError(`no TLS: ${cause.message}`)));
    });
    return secure.authorized ? { trusted: true } : { trusted: false, reason: String(secure.authorizationError) };
  }

  #attach<S extends Socket>(socket: S): S {
    const fail = (error: Error) => {
      this.#failure ??= error;
      this.#wake();
    };
    socket.on('data', (chunk: Buffer) => {
      try {
        this.#scanner.write(chunk);
      } catch (error) {
        // Policy: what is no XML is told by whoever waits.
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.on('error', fail).on('close', () => fail(new Error('the connection was closed')));
    return socket;
  }

  #newScanner(): Scanner {
    const failure = () => {
      this.#failure ??= new Error('the stream was closed');
      this.#wake();
    };
    return new Scanner('stream', DEFAULT_LIMITS, {
      onStreamOpen: () => undefined,
      onElement: (element) => {
        this.#arrived.push(element);
        this.#wake();
      },
      onStreamClose: failure,
    });
  }

  #write(xml: string): void {
    this.#socket.write(xml);
  }
}

const isRefusal = ({ name, ns, attrs }: Scanned): boolean =>
  attrs.type === 'error' || name === 'failure' || (name === 'error' && ns === NS.streams);

function bodyOf(bytes: Uint8Array): string | undefined {
  const { children } = parseElement(bytes, { '': NS.client, stream: NS.streams });
  const body = children.find((child) => typeof child !== 'string' && child.name === 'body');
  return typeof body === 'object' ? body.children.join('') : undefined;
}
