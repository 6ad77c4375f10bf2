import { appended, EMPTY } from '@starling/runtime';

/** How long a live stanza waits for the entry that it was sent behind: it may have been lost on the way, or refused. */
const WAIT_MS = 1_000;
/** Live stanzas of one user that wait; beyond it the oldest goes at once. */
const HELD_MAX = 256;

/** What let a stanza go: its entry, the end of its time, or that too many wait. */
export type ReleaseCause = 'entry' | 'time' | 'bound';

interface Held<T> {
  readonly item: T;
  readonly behind: number;
  readonly untilMs: number;
}

/** To whom they go when they need not wait any more. */
export interface LiveHost<T> {
  released(item: T, by: ReleaseCause): void;
}

/**
 * Live stanzas that came before the entry behind which their session sent them: a publication and the re-publication of a log
 * go different ways. They wait for it (RFC 6120 §10.1), but not long.
 */
export class LiveHold<T> {
  readonly #host: LiveHost<T>;
  #held: Held<T>[] = EMPTY;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: LiveHost<T>) {
    this.#host = host;
  }

  get length(): number {
    return this.#held.length;
  }

  /** Keeps a stanza until `behind`, a sequence of the log, has passed. */
  keep(item: T, behind: number): void {
    this.#held = appended(this.#held, { item, behind, untilMs: Date.now() + WAIT_MS });
    if (this.#held.length > HELD_MAX) this.#release('bound', (_, i) => i === 0);
    this.#timer ??= setTimeout(() => this.#onTimer(), WAIT_MS);
  }

  /** The log has been delivered up to this sequence. */
  passed(sequence: number): void {
    if (this.#held.length > 0) this.#release('entry', ({ behind }) => behind <= sequence);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#held = EMPTY;
  }

  #onTimer(): void {
    this.#timer = undefined;
    const nowMs = Date.now();
    this.#release('time', ({ untilMs }) => untilMs <= nowMs);
    const [next] = this.#held;
    if (next !== undefined) this.#timer = setTimeout(() => this.#onTimer(), Math.max(1, next.untilMs - nowMs));
  }

  /** Delivers some, in the order in which they came. */
  #release(by: ReleaseCause, isDue: (held: Held<T>, index: number) => boolean): void {
    const all = this.#held;
    const due = all.map(isDue);
    const rest = all.filter((_, i) => !due[i]);
    this.#held = rest.length === 0 ? EMPTY : rest;
    for (const [i, { item }] of all.entries()) if (due[i]) this.#host.released(item, by);
  }
}
