import { clearTimeout, setTimeout } from 'k6/timers';
import { WebSocket } from 'k6/websockets';
import { attributeOf, type Frame, ownText, readFrame, textIn } from './frame.ts';
import { meters } from './meters.ts';
import { Scram } from './scram.ts';
import type { Settings } from './settings.ts';

const NS = {
  framing: 'urn:ietf:params:xml:ns:xmpp-framing',
  sasl: 'urn:ietf:params:xml:ns:xmpp-sasl',
  bind: 'urn:ietf:params:xml:ns:xmpp-bind',
  sm: 'urn:xmpp:sm:3',
} as const;
/** RFC 7395 §3.1. k6 takes it; its types (2.3.0) do not know that. */
const SUBPROTOCOL = 'xmpp';
const ANSWER_TIMEOUT_MS = 30_000;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 2_000;
/** Of one absence: a session that is away for longer than its window is lost anyway. */
const RETRIES_MAX = 100;
/** WebSocket.OPEN */
const OPEN = 1;
const STANZAS: readonly string[] = ['message', 'presence', 'iq'];

interface Waiting {
  readonly wants: (frame: Frame) => boolean;
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: Error) => void;
}

/** A message that the server has not acknowledged. */
interface Unacknowledged {
  readonly stanza: string;
  readonly isMessage: boolean;
  readonly sentAtMs: number;
}

export interface UserOptions {
  readonly settings: Settings;
  readonly username: string;
  readonly onMessage: (message: { readonly from: string; readonly type: string; readonly body: string }) => void;
  readonly onPresence: (presence: { readonly from: string; readonly type: string; readonly status: string }) => void;
}

/**
 * One user with one session over WebSocket. When his connection is gone he connects again and resumes it (XEP-0198 §5), until he leaves; what
 * the server has not acknowledged is sent again.
 */
export class XmppUser {
  readonly username: string;
  readonly #options: UserOptions;
  readonly #scram: Scram;
  #socket: WebSocket | undefined;
  #waiting: Waiting[] = [];
  #session = '';
  /** Stanzas that have come, and that have gone out, since it is managed. */
  #received = 0;
  #acknowledged = 0;
  #queue: Unacknowledged[] = [];
  #isManaged = false;
  #isLeaving = false;
  #isConnected = false;
  /** Stanzas may be sent: it is bound, or resumed with all that was not acknowledged sent again. */
  #isLive = false;
  #coming: Promise<void> | undefined;

  constructor(options: UserOptions) {
    const { mechanism, password } = options.settings;
    this.#options = options;
    this.username = options.username;
    this.#scram = new Scram(mechanism, options.username, password);
  }

  get unacknowledged(): number {
    return this.#queue.length;
  }

  /** Connects, authenticates, binds, enables stream management; sends no presence. @throws Error at the first step that fails */
  async login(): Promise<void> {
    const startedMs = Date.now();
    await this.#authenticate();
    await this.#bind();
    this.#isLive = true;
    meters.loginTime.add(Date.now() - startedMs);
  }

  /** Sends a stanza; `<r/>` behind it asks what the server has got. */
  send(stanza: string): void {
    const isMessage = stanza.startsWith('<message');
    if (this.#isManaged) this.#queue.push({ stanza, isMessage, sentAtMs: Date.now() });
    if (!this.#isLive) return; // It goes out when the session goes on.
    this.#write(stanza);
    if (this.#isManaged) this.#write(`<r xmlns='${NS.sm}'/>`);
  }

  /** Cuts the connection, as a train into a tunnel does; the session goes on over another one. */
  cut(): void {
    this.#socket?.close();
  }

  /** Resolves when it has its session again after a lost connection, or has given up. */
  async settled(): Promise<void> {
    await this.#coming;
  }

  /** Ends the stream (RFC 7395 §3.6). */
  leave(): void {
    this.#isLeaving = true;
    if (!this.#isConnected) return;
    if (this.#isManaged) this.#write(`<a xmlns='${NS.sm}' h='${this.#received}'/>`);
    this.#write(`<close xmlns='${NS.framing}'/>`);
    this.#socket?.close();
  }

  async #authenticate(): Promise<void> {
    const { url } = this.#options.settings;
    await this.#connect(url);
    await this.#openStream();
    const exchange = this.#scram.begin();
    const { mechanism } = this.#options.settings;
    this.#write(`<auth xmlns='${NS.sasl}' mechanism='${mechanism}'>${exchange.first}</auth>`);
    const challenge = await this.#answer('challenge');
    const final = await exchange.final(ownText(challenge));
    this.#write(`<response xmlns='${NS.sasl}'>${final}</response>`);
    const success = await this.#answer('success');
    if (!exchange.isServer(ownText(success))) throw new Error('the server does not know the password');
    await this.#openStream();
  }

  async #bind(): Promise<void> {
    this.#isManaged = false;
    const resource = `k6-${this.#options.settings.run}`;
    this.#write(
      `<iq xmlns='jabber:client' type='set' id='bind'><bind xmlns='${NS.bind}'><resource>${resource}</resource></bind></iq>`,
    );
    const bound = await this.#answer('iq');
    if (attributeOf(bound, 'type') !== 'result') throw new Error(`bind: ${bound.text}`);
    this.#write(`<enable xmlns='${NS.sm}' resume='true'/>`);
    const enabled = await this.#answer('enabled');
    this.#session = attributeOf(enabled, 'id');
    this.#received = 0;
    this.#acknowledged = 0;
    this.#isManaged = true;
  }

  #connect(url: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, SUBPROTOCOL as unknown as null);
      this.#socket = socket;
      const late = setTimeout(() => {
        socket.close();
        reject(new Error('no connection in time'));
      }, ANSWER_TIMEOUT_MS);
      socket.onopen = () => {
        clearTimeout(late);
        this.#isConnected = true;
        resolve();
      };
      socket.onmessage = (event) => this.#read(String(event?.data ?? ''));
      // k6 tells of a connection that is refused, or lost, by an error, and not always by a close behind it.
      socket.onerror = () => {
        clearTimeout(late);
        reject(new Error('no connection'));
        this.#lost(socket);
      };
      socket.onclose = () => {
        clearTimeout(late);
        reject(new Error('closed'));
        this.#lost(socket);
      };
    });
  }

  #lost(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    const wasManaged = this.#isConnected && this.#isManaged && this.#coming === undefined;
    this.#isConnected = false;
    this.#isLive = false;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the connection is lost'));
    if (!wasManaged || this.#isLeaving) return;
    this.#coming = this.#comeBack().then(() => {
      this.#coming = undefined;
    });
  }

  async #comeBack(): Promise<void> {
    const lostMs = Date.now();
    for (let attempt = 0; attempt < RETRIES_MAX && !this.#isLeaving; attempt++) {
      const longest = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** attempt);
      await pause(longest / 2 + (Math.random() * longest) / 2);
      try {
        await this.#authenticate();
        await this.#goOn(lostMs);
        return;
      } catch {
        // Policy: an edge that is about to stop, or a full one: the next attempt meets another.
        this.#socket?.close();
      }
    }
    if (!this.#isLeaving) meters.sessionsLost.add(1);
  }

  async #goOn(lostMs: number): Promise<void> {
    this.#write(`<resume xmlns='${NS.sm}' previd='${this.#session}' h='${this.#received}'/>`);
    const answer = await this.#next(({ name }) => name === 'resumed' || name === 'failed', 'resumed');
    if (answer.name === 'resumed') {
      this.#acknowledge(Number(attributeOf(answer, 'h')));
      meters.sessionsResumed.add(1);
      meters.resumeTime.add(Date.now() - lostMs);
    } else {
      meters.sessionsLost.add(1);
      const again = this.#queue;
      await this.#bind();
      this.#queue = again;
      this.#write("<presence xmlns='jabber:client'/>");
      this.#queue.unshift({ stanza: '', isMessage: false, sentAtMs: Date.now() });
    }
    for (const { stanza } of this.#queue) if (stanza !== '') this.#write(stanza);
    if (this.#queue.length > 0) this.#write(`<r xmlns='${NS.sm}'/>`);
    this.#isLive = true;
  }

  async #openStream(): Promise<void> {
    const { domain } = this.#options.settings;
    this.#write(`<open xmlns='${NS.framing}' to='${domain}' version='1.0'/>`);
    await this.#answer('features');
  }

  /** The next element of that name; one that says that a step has failed fails it. */
  #answer(name: string): Promise<Frame> {
    return this.#next((frame) => frame.name === name || frame.name === 'failure' || frame.name === 'failed', name).then(
      (frame) => {
        if (frame.name !== name) throw new Error(`${name}: ${frame.text}`);
        return frame;
      },
    );
  }

  #next(wants: (frame: Frame) => boolean, what: string): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no ${what} in time`)), ANSWER_TIMEOUT_MS);
      const done = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(late);
          settle(value);
        };
      };
      this.#waiting.push({ wants, resolve: done(resolve), reject: done(reject) });
    });
  }

  #read(text: string): void {
    const frame = readFrame(text);
    if (this.#isManaged && STANZAS.includes(frame.name)) this.#received++;
    const at = this.#waiting.findIndex(({ wants }) => wants(frame));
    const [waiting] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (waiting !== undefined) waiting.resolve(frame);
    else if (frame.name === 'message') this.#message(frame);
    else if (frame.name === 'presence') this.#presence(frame);
    else if (frame.name === 'iq') this.#request(frame);
    else if (frame.name === 'r') this.#write(`<a xmlns='${NS.sm}' h='${this.#received}'/>`);
    else if (frame.name === 'a') this.#acknowledge(Number(attributeOf(frame, 'h')));
  }

  #message(frame: Frame): void {
    const [from, type] = [attributeOf(frame, 'from'), attributeOf(frame, 'type')];
    this.#options.onMessage({ from, type, body: textIn(frame, 'body') });
  }

  /** A ping of the server, who wonders whether we are there (XEP-0199); nobody else asks us anything. */
  #request(frame: Frame): void {
    if (attributeOf(frame, 'type') !== 'get') return;
    const [id, from] = [attributeOf(frame, 'id'), attributeOf(frame, 'from')];
    this.send(`<iq xmlns='jabber:client' type='result' id='${id}'${from === '' ? '' : ` to='${from}'`}/>`);
  }

  #presence(frame: Frame): void {
    const [from, type] = [attributeOf(frame, 'from'), attributeOf(frame, 'type')];
    this.#options.onPresence({ from, type, status: textIn(frame, 'status') });
  }

  /** @param h how many of ours the server has handled; it does not reach 2^32 in a run */
  #acknowledge(h: number): void {
    const nowMs = Date.now();
    for (; this.#acknowledged < h && this.#queue.length > 0; this.#acknowledged++) {
      const done = this.#queue.shift();
      if (done === undefined || !done.isMessage) continue;
      meters.messagesAcknowledged.add(1);
      meters.timeToAcknowledgement.add(nowMs - done.sentAtMs);
    }
  }

  #write(text: string): void {
    if (this.#socket?.readyState === OPEN) this.#socket.send(text);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
