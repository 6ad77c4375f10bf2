import { randomUUID } from 'node:crypto';
import type { Element } from '@starling/xml';
import { type Channel, type Endpoint, openChannel } from './channel.ts';
import { Inbox, RECEIVE_TIMEOUT_MS } from './inbox.ts';
import { XmlPattern, type XmlValue, xml } from './match-xml.ts';
import { ScramClient, type ScramMechanism } from './scram.ts';
import { childOf, escapeXml, showElement, textOf } from './show-element.ts';
import { FRAMING, STREAMS, StreamReader } from './stream-reader.ts';

export type Mechanism = ScramMechanism | 'PLAIN';

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const TLS = 'urn:ietf:params:xml:ns:xmpp-tls';
const SM = 'urn:xmpp:sm:3';
const BIND = 'urn:ietf:params:xml:ns:xmpp-bind';

/** A wait for silence can only be short: what must not come, is asked for behind a round trip. */
const SILENCE_MS = 50;

/** How a stream ended. */
export interface Ending {
  /** `</stream:stream>`, or `<close/>` on a WebSocket, came before. */
  readonly endTag: boolean;
  /** WebSocket's close code, else 0. */
  readonly code: number;
}

/** The server refused a step of the login. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly element: Element;
  constructor(step: string, element: Element) {
    super(`${step}: ${showElement(element)}`);
    this.element = element;
  }
}

/**
 * An XMPP client that does exactly what it is told, one step of RFC 6120 at a time, and remembers all it received.
 * Nothing is answered by itself.
 */
export class Client {
  readonly endpoint: Endpoint;
  readonly domain: string;
  readonly #inbox = new Inbox(() => this.jid || 'a client');
  readonly #ended: Promise<Ending>;
  #resolveEnded: (ending: Ending) => void = () => undefined;
  #endTag = false;
  #onEnd: () => void = () => undefined;
  #reader: StreamReader;
  #channel: Channel | undefined;
  /** The full JID, '' until it is bound. */
  jid = '';
  /** XEP-0198: the id of the session that can be resumed, '' = none; and how many stanzas have come since that was enabled. */
  sessionId = '';
  handled = 0;
  /** Everything received that is not well-formed, as the parser of saxes puts it. */
  readonly faults: string[] = [];

  private constructor(endpoint: Endpoint, domain: string) {
    this.endpoint = endpoint;
    this.domain = domain;
    this.#reader = this.#newReader();
    this.#ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  /** Connects, and sends nothing. */
  static async connect(endpoint: Endpoint, domain: string): Promise<Client> {
    const client = new Client(endpoint, domain);
    client.#channel = await openChannel(endpoint, domain, {
      text: (text) => client.#read(text),
      closed: (code) => {
        client.#resolveEnded({ endTag: client.#endTag, code });
        client.#inbox.close('the connection is closed');
      },
    });
    return client;
  }

  get #connected(): Channel {
    if (!this.#channel) throw new Error('not connected');
    return this.#channel;
  }

  get channel(): Channel {
    return this.#connected;
  }

  get history(): readonly Element[] {
    return this.#inbox.history;
  }

  get unread(): readonly Element[] {
    return this.#inbox.unread;
  }

  /** Whether the stream is over. */
  get closed(): boolean {
    return this.#inbox.closed;
  }

  #newReader(): StreamReader {
    const element = (e: Element) => this.#element(e);
    if (this.endpoint.transport === 'ws') return new StreamReader(0, { element });
    return new StreamReader(1, { element, head: element, end: () => this.#onEndTag() });
  }

  #read(text: string): void {
    try {
      // RFC 7395 §3.3.1: each frame is one element of its own.
      if (this.endpoint.transport === 'ws') this.#reader = this.#newReader();
      this.#reader.write(text);
    } catch (error) {
      // Policy: the test sees it as a fault; nothing sensible can follow in this stream.
      this.faults.push(`${error instanceof Error ? error.message : String(error)} in ${text.slice(0, 500)}`);
      this.#connected.destroy();
    }
  }

  #element(element: Element): void {
    if (element.ns === FRAMING && element.name === 'close') this.#onEndTag();
    else {
      if (element.ns === 'jabber:client') this.handled++;
      else if (element.ns === SM && element.name === 'enabled') this.handled = 0;
      this.#inbox.push(element);
    }
  }

  #onEndTag(): void {
    this.#endTag = true;
    this.#onEnd();
    this.#inbox.close('the stream is closed');
  }

  /** Sends text or bytes as they are. */
  send(data: string | Uint8Array): void {
    this.#connected.write(data);
  }

  /** Sends XML: on a WebSocket jabber:client is declared on it (RFC 7395 §3.3.3). */
  sendXml(text: string): void {
    const isWebSocket = this.endpoint.transport === 'ws';
    this.send(isWebSocket ? text.replace(/^<[\w:.-]+(?![^>]*\sxmlns=)/, "$& xmlns='jabber:client'") : text);
  }

  /** sends`<message …/>`; resolves when it is written, not when it is handled. */
  async sends(parts: TemplateStringsArray, ...values: readonly XmlValue[]): Promise<void> {
    this.sendXml(xml(parts, ...values));
  }

  /** receives`<message>…</message>`: takes the oldest unread element that matches (match-xml.ts), or waits for it. */
  receives(parts: TemplateStringsArray, ...values: readonly XmlValue[]): Promise<Element> {
    return this.receive(xml(parts, ...values));
  }

  /** @throws NotReceivedError */
  receive(pattern: string, withinMs?: number): Promise<Element> {
    return this.#inbox.takeMatching(pattern, withinMs);
  }

  /** The next unread element, whatever it is. */
  next(withinMs?: number): Promise<Element> {
    return this.#inbox.take(() => true, 'anything', withinMs);
  }

  /** The next `count` unread messages, in order of arrival. */
  async messages(count: number, withinMs = RECEIVE_TIMEOUT_MS): Promise<readonly Element[]> {
    const deadline = Date.now() + withinMs;
    const got: Element[] = [];
    while (got.length < count) {
      const label = `message ${got.length + 1} of ${count}`;
      got.push(await this.#inbox.take((e) => e.name === 'message', label, Math.max(0, deadline - Date.now())));
    }
    return got;
  }

  /**
   * Fails when a message or an IQ is unread after a round trip to the server and a moment.
   * @throws Error with what is there
   */
  async receivesNothing(): Promise<void> {
    await this.ping();
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
    const there = this.unread.filter((e) => e.name !== 'presence' && e.ns !== SM);
    if (there.length > 0) throw new Error(`${this.jid} received ${there.map((e) => showElement(e)).join('\n')}`);
  }

  /** Sends an IQ with this payload and returns the answer, whether result or error. */
  async iq(type: 'get' | 'set', to: string, payload: string): Promise<Element> {
    const id = randomUUID();
    this.sendXml(`<iq type='${type}' id='${id}'${to ? ` to='${escapeXml(to)}'` : ''}>${payload}</iq>`);
    return this.#inbox.take(
      (e) => e.name === 'iq' && e.attrs.id === id && e.attrs.type !== 'get' && e.attrs.type !== 'set',
      `the answer to ${payload}`,
    );
  }

  /** A round trip: what was sent before, this session's edge has handled (XEP-0199). */
  async ping(): Promise<void> {
    const answer = await this.iq('get', this.domain, "<ping xmlns='urn:xmpp:ping'/>");
    if (answer.attrs.type !== 'result') throw new RefusedError('ping', answer);
  }

  /** Sends the stream's opening; `from` is who the client says it is (RFC 6120 §4.7.1). */
  sendHead(to: string, from = ''): void {
    const addresses = `${from === '' ? '' : `from='${escapeXml(from)}' `}to='${escapeXml(to)}'`;
    if (this.endpoint.transport === 'ws') this.send(`<open xmlns='${FRAMING}' ${addresses} version='1.0'/>`);
    else
      this.send(
        `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' ${addresses} version='1.0'>`,
      );
  }

  /** Opens the stream, or opens it anew; returns the server's features. */
  async openStream(to = this.domain, from = ''): Promise<Element> {
    this.#reader = this.#newReader();
    this.sendHead(to, from);
    await this.#inbox.take(
      (e) => (e.ns === STREAMS && e.name === 'stream') || (e.ns === FRAMING && e.name === 'open'),
      'the stream header',
    );
    return this.#answer('opening the stream', ['features']);
  }

  // The next element of a negotiation: one of the given names, else the step is refused.
  async #answer(step: string, names: readonly string[]): Promise<Element> {
    const element = await this.#inbox.take(
      (e) => e.name !== 'message' && e.name !== 'presence' && e.ns !== SM,
      `an answer to ${step}`,
    );
    if (!names.includes(element.name)) throw new RefusedError(step, element);
    return element;
  }

  /** STARTTLS (RFC 6120 §5), without the stream that has to be opened next. */
  async startTls(): Promise<void> {
    this.send(`<starttls xmlns='${TLS}'/>`);
    await this.#answer('STARTTLS', ['proceed']);
    await this.#connected.startTls(this.domain);
  }

  /** SASL (RFC 6120 §6), without the stream that has to be opened next. @throws RefusedError */
  async authenticate(username: string, password: string, mechanism: Mechanism = 'SCRAM-SHA-1'): Promise<void> {
    const auth = (text: string) =>
      this.send(xml`<auth xmlns='${SASL}' mechanism='${mechanism}'>${base64(text)}</auth>`);
    if (mechanism === 'PLAIN') {
      auth(`\0${username}\0${password}`);
      await this.#answer('PLAIN', ['success']);
      return;
    }
    const scram = new ScramClient(mechanism, username, password);
    auth(scram.first());
    const challenge = await this.#answer(mechanism, ['challenge']);
    this.send(xml`<response xmlns='${SASL}'>${base64(scram.final(fromBase64(textOf(challenge))))}</response>`);
    const success = await this.#answer(mechanism, ['success']);
    if (!scram.verify(fromBase64(textOf(success)))) throw new RefusedError('the signature of the server', success);
  }

  /** Binds a resource (RFC 6120 §7), the server's choice when none is given; sets and returns the full JID. */
  async bind(resource = ''): Promise<string> {
    const wish = resource === '' ? '' : xml`<resource>${resource}</resource>`;
    const answer = await this.iq('set', '', `<bind xmlns='${BIND}'>${wish}</bind>`);
    const jid = childOf(childOf(answer, 'bind', BIND), 'jid');
    if (answer.attrs.type !== 'result' || !jid) throw new RefusedError('bind', answer);
    this.jid = textOf(jid);
    return this.jid;
  }

  /** Enables stream management (XEP-0198 §3); with `resume` the session can be resumed. Returns `<enabled/>`. @throws RefusedError */
  async manage({ resume = true, max = 0 } = {}): Promise<Element> {
    const longest = max === 0 ? '' : ` max='${max}'`;
    this.send(resume ? `<enable xmlns='${SM}' resume='true'${longest}/>` : `<enable xmlns='${SM}'/>`);
    const answer = await this.#inbox.take((e) => e.ns === SM, 'an answer to <enable/>');
    if (answer.name !== 'enabled') throw new RefusedError('enable', answer);
    this.sessionId = answer.attrs.id ?? '';
    return answer;
  }

  /** Goes on with the session of a client that is gone (XEP-0198 §5); behind authentication. Returns `<resumed/>`. @throws RefusedError */
  async resume(old: Pick<Client, 'sessionId' | 'handled' | 'jid'>, h = old.handled): Promise<Element> {
    this.handled = h;
    this.send(xml`<resume xmlns='${SM}' previd='${old.sessionId}' h='${String(h)}'/>`);
    const answer = await this.#inbox.take((e) => e.ns === SM, 'an answer to <resume/>');
    if (answer.name !== 'resumed') throw new RefusedError('resume', answer);
    this.sessionId = old.sessionId;
    this.jid = old.jid;
    return answer;
  }

  /** Tells the server what has come. */
  acknowledge(): void {
    this.send(`<a xmlns='${SM}' h='${this.handled}'/>`);
  }

  /** How many of its stanzas the server says that it has handled: the next answer that says at least `count`. */
  async acknowledged(count: number): Promise<number> {
    this.send(`<r xmlns='${SM}'/>`);
    const answer = await this.#inbox.take(
      (e) => e.ns === SM && e.name === 'a' && Number(e.attrs.h) >= count,
      `<a/> for ${count} stanzas`,
    );
    return Number(answer.attrs.h);
  }

  /** Creates the account (XEP-0077), before authentication. */
  async register(username: string, password: string): Promise<void> {
    const fields = xml`<username>${username}</username><password>${password}</password>`;
    const answer = await this.iq('set', '', `<query xmlns='jabber:iq:register'>${fields}</query>`);
    if (answer.attrs.type !== 'result') throw new RefusedError('register', answer);
  }

  /** Opens the stream as far as authentication: with STARTTLS where the transport is plain TCP. Returns the features. */
  async negotiate(from = ''): Promise<Element> {
    const features = await this.openStream(this.domain, this.endpoint.transport === 'tcp' ? '' : from);
    if (this.endpoint.transport !== 'tcp') return features;
    await this.startTls();
    return this.openStream(this.domain, from);
  }

  /** Whether a received, still unread element matches. */
  has(pattern: string): boolean {
    const compiled = new XmlPattern(pattern);
    return this.unread.some((e) => compiled.matches(e));
  }

  /** When and how the server ended the stream. @throws Error when it did not in time */
  async ended(withinMs = RECEIVE_TIMEOUT_MS): Promise<Ending> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`${this.jid}: the server did not close within ${withinMs} ms`)),
        withinMs,
      );
    });
    try {
      return await Promise.race([this.#ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the stream as RFC 6120 §4.4 wants it: the connection is closed after the other side's end tag. */
  async close(): Promise<Ending> {
    this.send(this.endpoint.transport === 'ws' ? `<close xmlns='${FRAMING}'/>` : '</stream:stream>');
    const timer = setTimeout(() => this.#connected.destroy(), RECEIVE_TIMEOUT_MS);
    this.#onEnd = () => this.#connected.end();
    if (this.#endTag) this.#onEnd();
    const ending = await this.#ended;
    clearTimeout(timer);
    return ending;
  }

  /** Cuts the connection like a client that died; resolves when it is gone. */
  async destroy(): Promise<void> {
    this.#connected.destroy();
    await this.#ended;
  }
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const fromBase64 = (text: string) => Buffer.from(text, 'base64').toString();
