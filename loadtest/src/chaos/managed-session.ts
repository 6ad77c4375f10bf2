import { setTimeout as pause } from 'node:timers/promises';
import type { Endpoint } from '@starling/testkit';
import { attributeOf } from '../presence/parse-presence.ts';
import { between, type Random } from '../random.ts';
import { type Account, authenticate, bind, NS, RefusedStepError, resume, tagOf } from './negotiate.ts';
import { SentQueue } from './sent-queue.ts';
import { Wire, WireClosedError } from './wire.ts';

/** Until the first attempt after a loss; it doubles with each that fails. */
const BACKOFF_MS = { min: 100, max: 1_500 } as const;
const BACKOFF_MAX_MS = 5_000;
/** A whole login: longer than an edge tries to bind. */
const LOGIN_TIMEOUT_MS = 20_000;
const WATCH_MS = 500;

export interface SessionOptions<T extends Sent> {
  readonly account: Account;
  /** Where to connect; asked each time. */
  readonly endpoint: Endpoint;
  readonly random: Random;
  /** How long the server may be silent when it was asked. */
  readonly patienceMs: number;
  /** The longest absence that is asked for; undefined: the server's. */
  readonly maxSeconds?: number;
  readonly onStanza: (stanza: string) => void;
  /** Its server has handled it. */
  readonly onHandled: (item: T) => void;
  /** A new session has begun. What is unknown of the last one is `rest`; `isCertain`: the server said so. */
  readonly onFresh: (rest: readonly T[], isCertain: boolean) => void;
}

/** A stanza that was sent. */
export interface Sent {
  readonly xml: string;
}

/** How a client came back, and what was wrong with how. */
export interface Returns {
  resumed: number;
  /** After a session that could have been resumed. */
  anew: number;
  /** An `h` below one that the server had told before. */
  retreats: number;
  /** When it was back, of performance.now(). */
  readonly atMs: number[];
  /** Longest time without a connection, in ms. */
  longestAwayMs: number;
  readonly reasons: Map<string, number>;
}

/** A client's session with stream management: it connects, comes back by itself and sends again what was not handled. */
export class ManagedSession<T extends Sent> {
  readonly returns: Returns = { resumed: 0, anew: 0, retreats: 0, atMs: [], longestAwayMs: 0, reasons: new Map() };
  readonly #options: SessionOptions<T>;
  readonly #queue = new SentQueue<T>();
  #id = '';
  #received = 0;
  #wire: Wire | undefined;
  #isOver = false;
  #running: Promise<void> = Promise.resolve();
  #askedAtMs = 0;
  #heardAtMs = 0;
  #lostAtMs = 0;
  readonly #stopped = new AbortController();

  constructor(options: SessionOptions<T>) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#wire !== undefined;
  }

  /** Stanzas that are not handled yet. */
  get open(): number {
    return this.#queue.length;
  }

  start(): void {
    this.#running = this.#run();
  }

  send(item: T): void {
    this.#queue.push(item);
    this.#wire?.stanza(item.xml);
  }

  /** XEP-0198 §4: what has the server handled? */
  ask(): void {
    if (this.#wire === undefined) return;
    if (this.#askedAtMs === 0) this.#askedAtMs = performance.now();
    this.#wire.write(`<r xmlns='${NS.sm}'/>`);
  }

  /** Ends the session: it says so. */
  async leave(): Promise<void> {
    this.#over();
    this.#wire?.end();
    await Promise.race([this.#running, pause(LOGIN_TIMEOUT_MS, undefined, { ref: false })]);
    await this.vanish();
  }

  /** Is gone, and never comes back. */
  async vanish(): Promise<void> {
    this.#over();
    this.#wire?.destroy();
    await this.#running;
  }

  #over(): void {
    this.#isOver = true;
    this.#stopped.abort();
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#isOver; attempt++) {
      if (attempt > 0 || this.#lostAtMs > 0) await this.#backOff(attempt);
      if (this.#isOver) return;
      const wire = await this.#connect();
      if (wire === undefined) continue;
      attempt = -1;
      await this.#watch(wire);
      this.#wire = undefined;
      this.#lostAtMs = performance.now();
    }
  }

  async #backOff(attempt: number): Promise<void> {
    const { random } = this.#options;
    const factor = 2 ** Math.min(attempt, 4);
    const ms = Math.min(BACKOFF_MAX_MS, between(random, BACKOFF_MS.min, BACKOFF_MS.max) * factor);
    // Policy: woken because it is over.
    await pause(ms, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
  }

  /** Undefined when nothing came of it. */
  async #connect(): Promise<Wire | undefined> {
    const { account, endpoint } = this.#options;
    let wire: Wire | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      const opened = await Wire.open(endpoint, account.domain);
      wire = opened;
      timer = setTimeout(() => opened.destroy(), LOGIN_TIMEOUT_MS);
      await authenticate(wire, account);
      if (this.#id === '' || !(await this.#resume(wire))) await this.#begin(wire);
      if (wire.isClosed) throw new WireClosedError('closed');
      return wire;
    } catch (error) {
      // Policy: the edge is dead, or what it needs is; it is tried again.
      this.#note(error);
      wire?.destroy();
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  async #resume(wire: Wire): Promise<boolean> {
    const answer = await resume(wire, this.#id, this.#received);
    if (answer.h !== undefined) this.#handled(answer.h);
    if (!answer.resumed) {
      this.#count(`not resumed: ${answer.condition}`);
      this.returns.anew++;
      this.#id = '';
      this.#fresh(answer.h !== undefined);
      return false;
    }
    this.returns.resumed++;
    // Before anything that came with the answer is read, and answered: the server counts in this order.
    for (const { xml } of this.#queue.items) wire.stanza(xml);
    this.#live(wire);
    this.ask();
    return true;
  }

  async #begin(wire: Wire): Promise<void> {
    const { account, maxSeconds, onStanza } = this.#options;
    this.#id = await bind(wire, account, maxSeconds, onStanza);
    this.#received = 0;
    const rest = this.#queue.restart();
    this.#live(wire);
    this.#options.onFresh([...this.#left, ...rest], this.#isCertain);
    this.#left = [];
    this.#isCertain = true;
  }

  /** Of a session that cannot be resumed, until the next one has begun. */
  #left: readonly T[] = [];
  #isCertain = true;

  #fresh(isCertain: boolean): void {
    this.#left = [...this.#left, ...this.#queue.restart()];
    this.#isCertain &&= isCertain;
  }

  #live(wire: Wire): void {
    const now = performance.now();
    if (this.#lostAtMs > 0) this.returns.longestAwayMs = Math.max(this.returns.longestAwayMs, now - this.#lostAtMs);
    this.returns.atMs.push(now);
    this.#wire = wire;
    this.#heardAtMs = now;
    this.#askedAtMs = 0;
    wire.flow((element) => this.#take(wire, element));
  }

  #take(wire: Wire, element: string): void {
    if (wire !== this.#wire) return;
    this.#heardAtMs = performance.now();
    if (/^<(message|presence|iq)\b/.test(element)) {
      this.#received++;
      this.#options.onStanza(element);
    } else if (element.startsWith('<r ')) wire.write(`<a xmlns='${NS.sm}' h='${this.#received}'/>`);
    else if (element.startsWith('<a ')) {
      this.#askedAtMs = 0;
      this.#handled(Number(attributeOf(tagOf(element), 'h')));
    } else if (element.startsWith('<stream:error')) this.#note(new RefusedStepError(element));
  }

  #handled(h: number): void {
    if (h < this.#queue.acked) this.returns.retreats++;
    try {
      for (const item of this.#queue.ack(h)) this.#options.onHandled(item);
    } catch (error) {
      // Policy: the server's count is wrong; the verdict tells.
      this.returns.retreats++;
      this.#note(error);
    }
  }

  /** Until the connection is gone, or the server does not answer. */
  async #watch(wire: Wire): Promise<void> {
    const watch = setInterval(() => {
      const silentMs = performance.now() - Math.max(this.#askedAtMs, this.#heardAtMs);
      if (this.#askedAtMs > 0 && silentMs > this.#options.patienceMs) wire.destroy();
      else if (this.#queue.length > 0) this.ask();
    }, WATCH_MS);
    await wire.closed;
    clearInterval(watch);
  }

  #note(error: unknown): void {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
    this.#count(line.replace(/ (id|h|to|from)=(['"]).*?\2/g, ''));
  }

  #count(reason: string): void {
    this.returns.reasons.set(reason, (this.returns.reasons.get(reason) ?? 0) + 1);
  }
}
