import { LeanSession } from '../presence/lean-session.ts';
import type { ReadPresence } from '../presence/parse-presence.ts';
import { personOf, Strangers, usernameOf } from '../presence/people.ts';
import { sharedKeys } from '../presence/scram.ts';
import { oneOf, type Random, seeded, shuffled } from '../random.ts';
import type { CrowdOptions, CrowdReport } from './orders.ts';
import { type Comparison, compare, sumOf } from './verdict.ts';
import { type Faults, NO_FAULTS, type Numbers, type OnFault, View } from './view.ts';
import { Visitor } from './visitor.ts';

const LOGINS_AT_ONCE = 24;
const LOGINS_TIMEOUT_MS = 150_000;
const TICK_MS = 20;
/** No machine that is merely busy needs so long. */
const LATE_MS = 1_000;
const WAITS_KEPT = 200_000;
const REASONS_KEPT = 5;
const INCIDENTS_OF_A_KIND = 4;

interface Resident {
  readonly person: number;
  readonly watched: ReadonlySet<number>;
  readonly view: View;
  session: LeanSession | undefined;
}

/** The people of one side: those who stay, each with one session and the view that it has, and those who come and go. */
export class Crowd {
  readonly #options: CrowdOptions;
  readonly #random: Random;
  readonly #people: Strangers;
  readonly #keys: ReturnType<typeof sharedKeys>;
  readonly #residents: readonly Resident[];
  readonly #visitors: readonly Visitor[];
  /** By person; 0 = not available. */
  readonly #numbers: Numbers;
  readonly #faults: Faults = { ...NO_FAULTS };
  readonly #incidents: string[] = [];
  readonly #reasons = new Set<string>();
  readonly #deadSides = new Set<number>();
  #ticking: NodeJS.Timeout | undefined;
  #changes = 0;
  #delivered = 0;
  #waitsMs: number[] = [];
  #lastLateMs = 0;
  #refused = 0;
  #lost = 0;
  #leftOut = 0;

  constructor(options: CrowdOptions) {
    const { side, sides, sessions, visitors, contacts, seed, domain, password, salt } = options;
    const count = sessions + visitors;
    this.#options = options;
    this.#random = seeded(seed + 1 + side);
    this.#people = new Strangers({ count, contacts, seed, domain });
    this.#keys = sharedKeys(password, Buffer.from(salt));
    this.#numbers = new Int32Array(count);
    const own = Array.from({ length: count }, (_, person) => person).filter((person) => person % sides === side);
    this.#residents = own.filter((person) => person < sessions).map((person) => this.#resident(person));
    this.#visitors = own.filter((person) => person >= sessions).map((person) => this.#visitor(person));
  }

  /** Everybody who stays, a few at a time, in any order. @throws Error when somebody cannot, or it takes too long */
  async logIn(): Promise<void> {
    const order = shuffled(this.#random, this.#residents.length).values();
    const deadlineMs = performance.now() + LOGINS_TIMEOUT_MS;
    const work = async () => {
      for (const i of order) {
        if (performance.now() > deadlineMs) throw new Error(`not all are in after ${LOGINS_TIMEOUT_MS} ms`);
        const resident = this.#residents[i];
        if (resident !== undefined) await this.#enter(resident);
      }
    };
    await Promise.all(Array.from({ length: LOGINS_AT_ONCE }, work));
  }

  begin(changesPerSecond: number): void {
    for (const visitor of this.#visitors) visitor.begin();
    const startedMs = performance.now();
    let done = 0;
    this.#ticking = setInterval(() => {
      const due = ((performance.now() - startedMs) / 1_000) * changesPerSecond;
      for (; done < due; done++) this.#change();
    }, TICK_MS);
  }

  pause(): Numbers {
    clearInterval(this.#ticking);
    for (const visitor of this.#visitors) visitor.pause();
    return this.#numbers;
  }

  compare(truth: Numbers): Comparison {
    const there = this.#residents.filter(({ session }) => session !== undefined);
    return sumOf(there.map(({ person, watched, view }) => compare(person, watched, view, truth)));
  }

  report(): CrowdReport {
    const entries = this.#visitors.map((visitor) => visitor.report());
    const report = {
      changes: this.#changes,
      delivered: this.#delivered,
      waitsMs: this.#waitsMs,
      lastLateMs: this.#lastLateMs,
      logins: {
        count: entries.reduce((sum, { count }) => sum + count, 0),
        refused: this.#refused,
        longestMs: Math.round(Math.max(0, ...entries.map(({ longestMs }) => longestMs))),
      },
      faults: this.#faults,
      lost: this.#lost,
      leftOut: this.#leftOut,
      incidents: this.#incidents,
      reasons: [...this.#reasons],
    };
    this.#changes = 0;
    this.#delivered = 0;
    this.#waitsMs = [];
    this.#refused = 0;
    return report;
  }

  sideDies(side: number): void {
    this.#deadSides.add(side);
    if (side !== this.#options.side) return;
    this.close();
    this.#numbers.fill(0);
  }

  close(): void {
    clearInterval(this.#ticking);
    for (const visitor of this.#visitors) visitor.close();
    // Connections end by the death of their edge, or by that of this process.
    for (const resident of this.#residents) resident.session = undefined;
  }

  #resident(person: number): Resident {
    const watched = new Set([person, ...this.#people.contactsOf(person)]);
    const onFault: OnFault = (kind, contact, known) => {
      this.#faults[kind]++;
      const at = new Date().toISOString();
      if (this.#faults[kind] <= INCIDENTS_OF_A_KIND)
        this.#incidents.push(`${at} ${kind}: p${contact} to p${person}, who had been shown ${known}`);
    };
    return { person, watched, view: new View(watched, onFault), session: undefined };
  }

  #visitor(person: number): Visitor {
    return new Visitor({
      random: this.#random,
      logIn: () => this.#open(person, () => undefined),
      onNumber: (number) => {
        this.#numbers[person] = number;
      },
      onRefused: (reason) => {
        this.#refused++;
        this.#note(reason);
      },
    });
  }

  async #enter(resident: Resident): Promise<void> {
    const session = await this.#open(
      resident.person,
      (presence) => this.#take(resident, presence),
      (reason) => this.#lose(resident, reason),
    );
    resident.session = session;
    this.#announce(resident, session);
  }

  #open(
    person: number,
    onPresence: (presence: ReadPresence) => void,
    onLost: (reason: string) => void = () => undefined,
  ): Promise<LeanSession> {
    const { port, domain } = this.#options;
    return LeanSession.login({ port, domain, username: usernameOf(person), keys: this.#keys, onPresence, onLost });
  }

  #change(): void {
    const resident = oneOf(this.#random, this.#residents);
    if (resident.session === undefined) return;
    this.#changes++;
    this.#announce(resident, resident.session);
  }

  #announce({ person }: Resident, session: LeanSession): void {
    const number = (this.#numbers[person] ?? 0) + 1;
    this.#numbers[person] = number;
    session.announce(number);
  }

  #take({ view }: Resident, { from, type, number, sentAtMs }: ReadPresence): void {
    const person = personOf(from);
    const nowMs = Date.now();
    if (type === 'unavailable') {
      view.unavailable(person, this.#mayGo(person));
      if (this.#isOfDeadSide(person)) this.#lastLateMs = nowMs;
    } else if (type === '') {
      this.#leftOut += view.available(person, number);
      this.#delivered++;
      const waitMs = nowMs - sentAtMs;
      if (waitMs > LATE_MS) this.#lastLateMs = nowMs;
      if (this.#waitsMs.length < WAITS_KEPT) this.#waitsMs.push(waitMs);
    } else this.#note(`presence of type ${type}`);
  }

  #mayGo(person: number): boolean {
    return person >= this.#options.sessions || this.#isOfDeadSide(person);
  }

  #isOfDeadSide(person: number): boolean {
    return this.#deadSides.has(person % this.#options.sides);
  }

  #lose(resident: Resident, reason: string): void {
    if (resident.session === undefined) return;
    resident.session = undefined;
    this.#lost++;
    this.#note(reason);
  }

  #note(reason: string): void {
    if (this.#reasons.size < REASONS_KEPT) this.#reasons.add(reason);
  }
}
