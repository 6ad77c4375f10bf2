import type { BareJid } from '@starling/jid';
import type { WatchedEvent } from './watched-event.ts';

/** Kept of one user for whoever asks next; older ones are dropped, and counted. */
const EVENTS_MAX = 1_000;
/** Users who are watched at a time. */
const USERS_MAX = 20;
/** Whoever does not ask for so long watches no more. */
const IDLE_MS = 30_000;

export interface WatchPage {
  /** To be asked for next. */
  readonly next: number;
  readonly events: readonly WatchedEvent[];
  /** Events between `after` and the first of these that are lost. */
  readonly dropped: number;
}

export type Watch = (user: BareJid, onEvent: (event: WatchedEvent) => void, signal: AbortSignal) => Promise<void>;

/** Lets watchers ask again and again, where there is only question and answer (the administration's port). */
export class WatchBoard {
  readonly #watch: Watch;
  readonly #watched = new Map<BareJid, Watched>();

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /**
   * What has come for the user behind event number `after`; 0: from now on. Waits for the first one. Undefined: too many are watched at a
   * time.
   */
  async poll(user: BareJid, after: number, waitMs: number): Promise<WatchPage | undefined> {
    let watched = this.#watched.get(user);
    if (watched === undefined) {
      if (this.#watched.size >= USERS_MAX) return undefined;
      watched = new Watched(this.#watch, user, () => this.#watched.delete(user));
      this.#watched.set(user, watched);
    }
    return watched.poll(after, waitMs);
  }

  close(): void {
    for (const watched of this.#watched.values()) watched.stop();
  }
}

class Watched {
  readonly #stopping = new AbortController();
  readonly #events: WatchedEvent[] = [];
  readonly #onStop: () => void;
  readonly #waiting = new Set<() => void>();
  /** Of the first one kept; the first there ever is has number 1. */
  #first = 1;
  #idle: NodeJS.Timeout | undefined;

  constructor(watch: Watch, user: BareJid, onStop: () => void) {
    this.#onStop = onStop;
    // Policy: a watch that ends by itself is one that nobody asks any more.
    watch(user, (event) => this.#add(event), this.#stopping.signal).catch(() => this.stop());
  }

  stop(): void {
    clearTimeout(this.#idle);
    this.#stopping.abort();
    this.#wake();
    this.#onStop();
  }

  async poll(asked: number, waitMs: number): Promise<WatchPage> {
    clearTimeout(this.#idle);
    // A number that was never given is of a watch before this one.
    const after = asked > this.#last ? 0 : asked;
    if (after === this.#last) await this.#arrival(waitMs);
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.stop(), IDLE_MS).unref();
    const from = Math.max(after + 1, this.#first);
    const events = this.#events.slice(from - this.#first);
    return { next: from - 1 + events.length, events, dropped: from - after - 1 };
  }

  get #last(): number {
    return this.#first - 1 + this.#events.length;
  }

  #add(event: WatchedEvent): void {
    this.#events.push(event);
    if (this.#events.length > EVENTS_MAX) {
      this.#events.shift();
      this.#first++;
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #arrival(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(late);
        this.#waiting.delete(wake);
        resolve();
      };
      const late = setTimeout(wake, waitMs);
      this.#waiting.add(wake);
    });
  }
}
