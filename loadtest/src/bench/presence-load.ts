import { setTimeout as sleep } from 'node:timers/promises';
import { LeanSession } from '../presence/lean-session.ts';
import { type People, personOf, usernameOf } from '../presence/people.ts';
import type { SharedKeys } from '../presence/scram.ts';

/** As in the runs of other servers that ours is compared with. */
const LOGINS_AT_ONCE = 50;
const SENDS_AT_ONCE = 4;
const DRAIN_TIMEOUT_MS = 30_000;
const POLL_MS = 20;
const TICK_MS = 1;
/** Until the ends of all sessions have been told to everybody. */
const LOGOUT_MS = 2_000;

interface Resident {
  readonly session: LeanSession;
  /** Of whom presence has come. */
  readonly seen: Set<number>;
}

/** How much, and how long it took. */
export interface Done {
  readonly count: number;
  readonly seconds: number;
}

/** People who watch one another, over plain TCP; everybody is told of himself too. */
export class PresenceLoad {
  readonly #port: number;
  readonly #people: People;
  readonly #keys: SharedKeys;
  #residents: Resident[] = [];
  #number = 0;
  #sent = 0;
  #delivered = 0;
  #onDelivered = () => {};

  constructor(options: { port: number; people: People; keys: SharedKeys }) {
    this.#port = options.port;
    this.#people = options.people;
    this.#keys = options.keys;
  }

  /** Connects, authenticates, binds, asks for the roster, becomes available; over when everybody has the presence of all contacts. @throws Error */
  async logIn(): Promise<Done> {
    const startedMs = performance.now();
    let next = 0;
    const work = async () => {
      for (let person = next++; person < this.#people.count; person = next++) await this.#enter(person);
    };
    await Promise.all(Array.from({ length: LOGINS_AT_ONCE }, work));
    const isComplete = () =>
      this.#residents.every(({ seen }, person) => seen.size === this.#people.contactsOf(person).length + 1);
    await until(isComplete, () => 'not everybody has been shown everybody');
    return { count: this.#people.count, seconds: (performance.now() - startedMs) / 1_000 };
  }

  async logOut(): Promise<void> {
    for (const { session } of this.#residents) session.close();
    this.#residents = [];
    await sleep(LOGOUT_MS);
  }

  /** As fast as it goes: what has been delivered sets the next ones off. Returns what was delivered. */
  async sendMax(seconds: number): Promise<Done> {
    let owed = 0;
    let isRunning = true;
    this.#onDelivered = () => {
      if (++owed < this.#copies) return;
      owed = 0;
      if (isRunning) this.#send();
    };
    return this.#during(async () => {
      for (let n = 0; n < SENDS_AT_ONCE; n++) this.#send();
      await sleep(seconds * 1_000);
      isRunning = false;
    });
  }

  /** So many a second. */
  async sendAt(perSecond: number, seconds: number): Promise<Done> {
    this.#onDelivered = () => {};
    return this.#during(async () => {
      const startedMs = performance.now();
      for (let sent = 0; sent < perSecond * seconds; await sleep(TICK_MS)) {
        const due = Math.min(seconds, (performance.now() - startedMs) / 1_000) * perSecond;
        for (; sent < due; sent++) this.#send();
      }
    });
  }

  close(): void {
    for (const { session } of this.#residents) session.destroy();
  }

  /** Of each presence that is sent. */
  get #copies(): number {
    return this.#people.contactsOf(0).length + 1;
  }

  async #during(work: () => Promise<void>): Promise<Done> {
    const [sentBefore, before, startedMs] = [this.#sent, this.#delivered, performance.now()];
    await work();
    const due = () => (this.#sent - sentBefore) * this.#copies;
    await until(
      () => this.#delivered - before >= due(),
      () => `${due()} deliveries are due, but there were ${this.#delivered - before}`,
    );
    const count = this.#delivered - before;
    if (count !== due()) throw new Error(`${due()} deliveries were due, but there were ${count}`);
    return { count, seconds: (performance.now() - startedMs) / 1_000 };
  }

  #send(): void {
    const resident = this.#residents[this.#sent++ % this.#residents.length];
    resident?.session.announce(++this.#number);
  }

  async #enter(person: number): Promise<void> {
    const seen = new Set<number>();
    const session = await LeanSession.login(
      {
        port: this.#port,
        domain: this.#people.domain,
        username: usernameOf(person),
        keys: this.#keys,
        onPresence: ({ from, type }) => {
          if (type !== '') return;
          seen.add(personOf(from));
          this.#delivered++;
          this.#onDelivered();
        },
      },
      { roster: true },
    );
    this.#residents[person] = { session, seen };
    session.announce(++this.#number);
  }
}

async function until(isSo: () => boolean, what: () => string): Promise<void> {
  const deadlineMs = performance.now() + DRAIN_TIMEOUT_MS;
  while (!isSo()) {
    if (performance.now() > deadlineMs) throw new Error(what());
    await sleep(POLL_MS);
  }
}
