import type { Element } from '@starling/xml';
import { XmlPattern } from './match-xml.ts';
import { showElement } from './show-element.ts';

/** How long a test waits for what must come; generous, as it costs only a failing test. */
export const RECEIVE_TIMEOUT_MS = 10_000;
/** Elements that are kept; a test that receives more is a load test. */
const HISTORY_MAX = 20_000;
/** Unread elements that a failure shows. */
const SHOWN_MAX = 20;

/** What a test waited for did not come. */
export class NotReceivedError extends Error {
  override readonly name = 'NotReceivedError';
}

interface Waiter {
  readonly accepts: (element: Element) => boolean;
  readonly resolve: (element: Element) => void;
  readonly reject: (error: Error) => void;
  readonly label: string;
  readonly timer: NodeJS.Timeout;
}

/** Everything a client has received, what of it no test has looked at yet, and who waits for more. */
export class Inbox {
  /** All that came, in order. */
  readonly history: Element[] = [];
  readonly #unread: Element[] = [];
  readonly #waiters = new Set<Waiter>();
  readonly #owner: () => string;
  #closed: string | undefined;

  /** `owner` names the client in failures. */
  constructor(owner: () => string) {
    this.#owner = owner;
  }

  get unread(): readonly Element[] {
    return this.#unread;
  }

  /** Whether nothing more can come. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  push(element: Element): void {
    if (this.history.length < HISTORY_MAX) this.history.push(element);
    for (const waiter of this.#waiters) {
      if (!waiter.accepts(element)) continue;
      this.#settle(waiter);
      waiter.resolve(element);
      return;
    }
    this.#unread.push(element);
  }

  /** Nothing more can come: who still waits, fails. */
  close(reason: string): void {
    this.#closed = reason;
    for (const waiter of this.#waiters) {
      this.#settle(waiter);
      waiter.reject(this.#failure(waiter.label, reason));
    }
  }

  /**
   * Takes the oldest unread element that fits, or waits for the next one.
   * @throws NotReceivedError when none comes in time, or none can come any more
   */
  take(accepts: (element: Element) => boolean, label: string, withinMs = RECEIVE_TIMEOUT_MS): Promise<Element> {
    const index = this.#unread.findIndex(accepts);
    const [found] = index < 0 ? [] : this.#unread.splice(index, 1);
    if (found) return Promise.resolve(found);
    if (this.#closed !== undefined) return Promise.reject(this.#failure(label, this.#closed));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#settle(waiter);
        reject(this.#failure(label, `nothing of that kind within ${withinMs} ms`));
      }, withinMs);
      const waiter: Waiter = { accepts, resolve, reject, label, timer };
      this.#waiters.add(waiter);
    });
  }

  /** take, by a pattern (match-xml.ts). */
  takeMatching(source: string, withinMs?: number): Promise<Element> {
    const pattern = new XmlPattern(source);
    return this.take((element) => pattern.matches(element), source, withinMs);
  }

  #settle(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    this.#waiters.delete(waiter);
  }

  #failure(label: string, reason: string): NotReceivedError {
    const shown = this.#unread.slice(-SHOWN_MAX).map((element) => `\n  ${showElement(element)}`);
    return new NotReceivedError(
      `${this.#owner()} waits for ${label}\n${reason}; unread:${shown.join('') || ' nothing'}`,
    );
  }
}
