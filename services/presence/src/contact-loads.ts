import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Bus, call, RpcError } from '@starling/bus';
import { CONTACTS_USERS_MAX, rosters, type UserContacts } from '@starling/contracts';
import type { Logger } from '@starling/runtime';
import type { PresenceConfig } from './config.ts';
import { Contacts } from './contacts.ts';
import { Limiter } from './limiter.ts';
import type { PresenceMetrics } from './metrics.ts';
import type { User } from './user.ts';

const RETRY_MS_MAX = 10_000;
/** Users who are told of, and asked for, with their contacts before others have a turn of the loop. */
const USERS_A_TURN = 50;
/** What waits for the contacts of one user. */
const WAITING_MAX = 1_000;
/** Users in one question whose contacts have changed. */
const PAGE_MAX = 500;

/** A user whose contacts are to be asked for. */
interface Asked {
  readonly user: User;
  /** Times that it was tried, this one included. */
  readonly attempt: number;
}

export interface LoadSink {
  /** The user is still one of this node's. */
  isCurrent(user: User): boolean;
  /** His contacts are there, or are others. */
  loaded(user: User, previous: Contacts | undefined): void;
  /** They could not be had; nothing is tried any more. */
  gaveUp(user: User): void;
}

/**
 * Asks the roster service who the contacts of users are: of all that are wanted within a turn of the loop at once, bounded in number, and
 * again when it cannot answer.
 */
export class ContactLoads {
  readonly #bus: Bus;
  readonly #config: PresenceConfig;
  readonly #metrics: PresenceMetrics;
  readonly #log: Logger;
  readonly #sink: LoadSink;
  readonly #limiter: Limiter;
  readonly #timers = new Set<NodeJS.Timeout>();
  #asked: Asked[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #isStopped = false;

  constructor(options: {
    bus: Bus;
    config: PresenceConfig;
    metrics: PresenceMetrics;
    log: Logger;
    sink: LoadSink;
  }) {
    this.#bus = options.bus;
    this.#config = options.config;
    this.#metrics = options.metrics;
    this.#log = options.log;
    this.#sink = options.sink;
    this.#limiter = new Limiter(options.config.loadsMax);
  }

  /** Questions that are open. */
  get running(): number {
    return this.#limiter.running;
  }

  /** Reads them, or reads them again. */
  load(user: User): void {
    if (user.isLoading) return;
    user.isLoading = true;
    this.#ask({ user, attempt: 1 });
  }

  /** Calls back with the contacts, at once when they are known; undefined when they cannot be had now. */
  whenLoaded(user: User, work: (contacts: Contacts | undefined) => void): void {
    if (user.contacts !== undefined) {
      work(user.contacts);
      return;
    }
    if (user.waiting.length >= WAITING_MAX) {
      this.#metrics.dropped.inc(1, { reason: 'waiting' });
      work(undefined);
      return;
    }
    user.waiting.push(work);
    this.load(user);
  }

  /** The subscription requests that wait for the user; when they cannot be had, his next login asks again. */
  requests(user: User, onStanzas: (stanzas: readonly Uint8Array[]) => void): void {
    this.#limiter.add(async () => {
      try {
        const { stanzas } = await call(this.#bus, rosters.requests, { user: user.jid }, this.#config.rpcTimeoutMs);
        if (!this.#isStopped && this.#sink.isCurrent(user)) onStanzas(stanzas);
      } catch (error) {
        // Policy: the flag stays, and the next session asks again (RFC 6121 §3.1.3: at each login until answered).
        user.hasRequests = true;
        this.#log.warn({ what: 'subscription_requests_lookup_failed', user: user.jid, err: error });
      }
    });
  }

  /** Something may have been missed: whose contacts have changed meanwhile is read again. */
  recheck(users: readonly User[]): void {
    for (let at = 0; at < users.length; at += PAGE_MAX) {
      const page = users.slice(at, at + PAGE_MAX);
      this.#limiter.add(() => this.#recheckPage(page));
    }
  }

  /** Forgets what is under way. */
  reset(): void {
    this.#limiter.clear();
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    this.#asked = [];
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  stop(): void {
    this.#isStopped = true;
    this.reset();
  }

  async #recheckPage(page: readonly User[]): Promise<void> {
    const known = page.flatMap(({ jid, contacts }) => (contacts ? [{ user: jid, version: contacts.version }] : []));
    let isChanged: (user: User) => boolean;
    try {
      const { changed } = await call(this.#bus, rosters.contactsSince, { known }, this.#config.rpcTimeoutMs);
      const names = new Set(changed);
      isChanged = (user) => names.has(user.jid);
    } catch (error) {
      // Policy: who cannot say what has changed is asked for all of it, until he answers.
      this.#log.warn({ what: 'contacts_lookup_failed', err: error });
      isChanged = () => true;
    }
    if (this.#isStopped) return;
    for (const user of page) if (isChanged(user) && this.#sink.isCurrent(user)) this.load(user);
  }

  #ask(asked: Asked): void {
    this.#asked.push(asked);
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = undefined;
    const all = this.#asked;
    this.#asked = [];
    for (let at = 0; at < all.length; at += CONTACTS_USERS_MAX) {
      const page = all.slice(at, at + CONTACTS_USERS_MAX);
      this.#limiter.add(() => this.#attempt(page));
    }
  }

  async #attempt(all: readonly Asked[]): Promise<void> {
    const page = all.filter(({ user }) => this.#sink.isCurrent(user));
    if (page.length === 0) return;
    let answers: readonly UserContacts[];
    try {
      const request = { users: page.map(({ user }) => user.jid) };
      answers = (await call(this.#bus, rosters.contacts, request, this.#config.rpcTimeoutMs)).users;
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      for (const { user, attempt } of page) this.#failed(user, attempt, error);
      return;
    }
    for (const [index, asked] of page.entries()) {
      const answer = answers[index];
      if (answer?.unknown) this.#failed(asked.user, asked.attempt, new RpcError('resource-constraint'));
      else if (answer !== undefined) this.#answered(asked.user, answer);
      else if (answers.length === 0) this.#failed(asked.user, asked.attempt, new RpcError('internal-server-error'));
      else this.#ask(asked); // there was no room for it
      if (index % USERS_A_TURN === USERS_A_TURN - 1) await nextTurn();
    }
  }

  #answered(user: User, answer: UserContacts): void {
    this.#metrics.loads.inc(1, { outcome: answer.exists ? 'ok' : 'none' });
    this.#take(user, answer.exists ? new Contacts(answer) : Contacts.none(), answer.requests > 0);
  }

  #take(user: User, contacts: Contacts, hasRequests: boolean): void {
    user.isLoading = false;
    if (this.#isStopped || !this.#sink.isCurrent(user)) return;
    const { heardOf, contacts: previous } = user;
    user.heardOf = undefined;
    user.contacts = contacts;
    user.hasRequests ||= hasRequests;
    // The answer was read before what a notice has told since.
    if (heardOf !== undefined && (heardOf.blocks || !contacts.knows(heardOf))) this.load(user);
    this.#sink.loaded(user, previous);
    for (const work of user.waiting.splice(0)) work(contacts);
  }

  #failed(user: User, attempt: number, error: RpcError): void {
    this.#metrics.loads.inc(1, { outcome: 'failed' });
    if (this.#isStopped || !this.#sink.isCurrent(user)) return;
    // Who asks does not wait for a service that is away.
    for (const work of user.waiting.splice(0)) work(undefined);
    const { loadAttemptsMax, loadRetryMs } = this.#config;
    if (attempt >= loadAttemptsMax) {
      user.isLoading = false;
      this.#metrics.dropped.inc(1, { reason: 'contacts' });
      this.#log.error({ what: 'contacts_lookup_failed', user: user.jid, attempts: attempt, err: error });
      this.#sink.gaveUp(user);
      return;
    }
    const delayMs = Math.min(RETRY_MS_MAX, loadRetryMs * 2 ** Math.min(attempt - 1, 16));
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#ask({ user, attempt: attempt + 1 });
    }, delayMs);
    this.#timers.add(timer);
  }
}
