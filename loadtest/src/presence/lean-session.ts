import { connect, type Socket } from 'node:net';
import { attributeOf, parsePresence, type ReadPresence, statusOf } from './parse-presence.ts';
import { ScramLogin, type SharedKeys } from './scram.ts';
import { StanzaSplitter } from './stanza-splitter.ts';

const HOST = '127.0.0.1';
/** Longer than an edge tries to bind, so that its own error comes first. */
const LOGIN_TIMEOUT_MS = 30_000;
export const RESOURCE = 'r';
const STREAM_END = '</stream:stream>';

export interface LeanSessionOptions {
  readonly port: number;
  readonly domain: string;
  readonly username: string;
  readonly keys: SharedKeys;
  /** Every presence that comes, from the login on. */
  readonly onPresence: (presence: ReadPresence) => void;
  /** It ended otherwise than by `close`, after the login. */
  readonly onLost?: (reason: string) => void;
}

/** A login that did not succeed, in the server's words. */
export class LoginError extends Error {
  override readonly name = 'LoginError';
}

/** A client over plain TCP on loopback of which one process holds thousands: it reads presence, and answers pings, and nothing else. */
export class LeanSession {
  readonly #options: LeanSessionOptions;
  readonly #socket: Socket;
  readonly #splitter = new StanzaSplitter();
  readonly #unread: string[] = [];
  #wake = () => {};
  #isReady = false;
  /** Why nothing more comes. */
  #ended: string | undefined;

  private constructor(options: LeanSessionOptions) {
    this.#options = options;
    this.#socket = connect({ host: HOST, port: options.port, noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (chunk: unknown) => this.#read(String(chunk)));
    // Policy: whatever the reason, it is a connection that has ended.
    this.#socket.on('error', (error) => this.#end(error.message));
    this.#socket.on('close', () => this.#end('closed'));
  }

  /** Authenticates with SCRAM and binds; with `roster`, asks for the roster too. Sends no presence. @throws LoginError */
  static async login(options: LeanSessionOptions, { roster = false } = {}): Promise<LeanSession> {
    const session = new LeanSession(options);
    const timer = setTimeout(() => session.#end(`nothing for ${LOGIN_TIMEOUT_MS} ms`), LOGIN_TIMEOUT_MS);
    try {
      await session.#logIn(roster);
      return session;
    } catch (error) {
      session.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Becomes available, or says something new of itself. */
  announce(number: number): void {
    this.#socket.write(`<presence>${statusOf(number, Date.now())}</presence>`);
  }

  becomeUnavailable(): void {
    this.#socket.write(`<presence type='unavailable'/>`);
  }

  /** Ends the stream, and does not wait. */
  close(): void {
    this.#ended ??= 'left';
    this.#socket.end(STREAM_END);
  }

  /** As if its machine had died. */
  destroy(): void {
    this.#ended ??= 'left';
    this.#socket.destroy();
  }

  async #logIn(roster: boolean): Promise<void> {
    const { domain, username, keys } = this.#options;
    const head = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${domain}' version='1.0'>`;
    const sasl = new ScramLogin(keys, username);
    this.#socket.write(head);
    await this.#next('<stream:features');
    this.#socket.write(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='${keys.mechanism}'>${sasl.first()}</auth>`,
    );
    const challenge = await this.#next('<challenge');
    const response = sasl.final(challenge.slice(challenge.indexOf('>') + 1, challenge.lastIndexOf('<')));
    this.#socket.write(`<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${response}</response>`);
    await this.#next('<success');
    this.#socket.write(head);
    await this.#next('<stream:features');
    await this.#ask('set', `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${RESOURCE}</resource></bind>`);
    if (roster) await this.#ask('get', `<query xmlns='jabber:iq:roster'/>`);
    this.#isReady = true;
    for (const stanza of this.#unread.splice(0)) this.#take(stanza);
  }

  async #ask(type: 'get' | 'set', payload: string): Promise<void> {
    this.#socket.write(`<iq type='${type}' id='login'>${payload}</iq>`);
    const answer = await this.#next('<iq');
    if (attributeOf(answer.slice(0, answer.indexOf('>')), 'type') !== 'result') throw new LoginError(answer);
  }

  /** The next element. @throws LoginError when it is another one, or none comes */
  async #next(expected: string): Promise<string> {
    while (this.#unread.length === 0 && this.#ended === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const stanza = this.#unread.shift();
    if (stanza === undefined) throw new LoginError(`${this.#ended} instead of ${expected}>`);
    if (!stanza.startsWith(expected)) throw new LoginError(stanza);
    return stanza;
  }

  #read(chunk: string): void {
    const stanzas = this.#splitter.push(chunk);
    if (this.#isReady) for (const stanza of stanzas) this.#take(stanza);
    else {
      this.#unread.push(...stanzas);
      this.#wake();
    }
  }

  #take(stanza: string): void {
    const presence = parsePresence(stanza);
    if (presence !== undefined) this.#options.onPresence(presence);
    else if (stanza.startsWith('<iq')) this.#answer(stanza.slice(0, stanza.indexOf('>')));
    else if (stanza.startsWith('<stream:error')) this.#end(stanza);
  }

  /** RFC 6120 §8.2.3: a request is answered; of the server only pings (XEP-0199) are to be expected. */
  #answer(tag: string): void {
    if (attributeOf(tag, 'type') !== 'get') return;
    const to = attributeOf(tag, 'from');
    this.#socket.write(`<iq type='result' id='${attributeOf(tag, 'id')}'${to === '' ? '' : ` to='${to}'`}/>`);
  }

  #end(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#wake();
    if (this.#isReady) this.#options.onLost?.(reason);
    this.#socket.destroy();
  }
}
