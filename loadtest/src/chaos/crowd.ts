import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '@starling/testkit';
import { RESOURCE } from '../presence/lean-session.ts';
import { jidOf, type People, usernameOf } from '../presence/people.ts';
import type { SharedKeys } from '../presence/scram.ts';
import { oneOf, type Random, seeded } from '../random.ts';
import { type ArchivedNumbers, archivesOf } from './archived.ts';
import { Member, type Request } from './member.ts';
import { type Figures, judgeAll, type Way } from './verdict.ts';

/** Everybody logs in within this time. */
const SETTLE_TIMEOUT_MS = 90_000;
const LOGINS_EVERY_MS = 15;
/** Handled, answered and connected again within this time after the last new message. */
const QUIET_TIMEOUT_MS = 60_000;
/** Lost on the way to an edge, it comes behind the next digest of its log (design: within 10 s). */
const DELIVERED_TIMEOUT_MS = 30_000;
const VIEWS_TIMEOUT_MS = 30_000;
const POLL_MS = 250;
/** How long a server may be silent before its client gives the connection up: some are quicker than any fault, some wait for the end of most. */
const PATIENCE_MS = [5_000, 20_000] as const;
const UNANSWERED_MS = 30_000;
const ROSTER_TIMEOUT_MS = 15_000;
/** While the database has not been found to be back rosters are answered from copies; what was committed without an answer is told then. */
const ROSTERS_EQUAL_TIMEOUT_MS = 15_000;
/** Of four pairs one loses somebody at the end: is he seen to be gone? */
const LEAVING_EVERY = 4;
const LONER_RESOURCE = 'loner';
const LONER_SECONDS = 10;
const REASONS_SHOWN = 12;

export interface CrowdOptions {
  readonly people: People;
  readonly keys: SharedKeys;
  readonly tcp: Endpoint;
  readonly ws: Endpoint;
  readonly run: string;
  readonly random: Random;
  readonly lonerEvery: number | undefined;
  readonly bodyCharsMin: number;
}

/** All clients of a run, in pairs. */
export class Crowd {
  readonly #options: CrowdOptions;
  readonly #members: readonly Member[];
  /** Second sessions of some, that go for good; by their account's number. */
  readonly #loners = new Map<number, Member>();
  readonly #gone = new Set<Member>();
  /** One line for each client whose roster, as pushes tell it, is not the server's. */
  #rosterDifferences: readonly string[] = [];

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#members = Array.from({ length: options.people.count }, (_, person) => this.#member(person, RESOURCE));
    for (let person = 0; person < options.people.count; person++)
      if (this.#hasLoner(person)) this.#loners.set(person, this.#member(person, LONER_RESOURCE));
  }

  get users(): readonly string[] {
    return this.#members.map(({ user }) => user);
  }

  /** Everybody is there and sees his partner. @throws Error when that takes too long */
  async enter(): Promise<void> {
    for (const member of [...this.#members, ...this.#loners.values()]) {
      member.start();
      await sleep(LOGINS_EVERY_MS);
    }
    const isIn = () => this.#members.every((m) => m.isSettled) && [...this.#loners.values()].every((m) => m.isSettled);
    if (await until(SETTLE_TIMEOUT_MS, isIn)) return;
    const missing = this.#members.filter((m) => !m.isSettled).length;
    throw new Error(`${missing} are not in after ${SETTLE_TIMEOUT_MS} ms: ${this.reasons().join('; ')}`);
  }

  begin(): void {
    for (const member of this.#members) member.begin();
  }

  /** Loners go for good, without a word. */
  async loseLoners(): Promise<void> {
    await Promise.all([...this.#loners.values()].map((loner) => loner.vanish()));
  }

  burst(): void {
    for (const member of this.#members) member.burst();
  }

  /** Nothing new is sent. */
  finish(): void {
    for (const member of this.#members) member.finish();
  }

  /** Resolves when all that was sent is handled, answered and delivered, or should have been: who has left by then gets nothing any more. */
  async quiet(): Promise<void> {
    const isQuiet = () =>
      this.#members.every((m) => m.session.isConnected && m.session.open === 0 && m.open === 0 && m.waiting === 0);
    await until(QUIET_TIMEOUT_MS, isQuiet);
    await until(DELIVERED_TIMEOUT_MS, () => this.#undelivered() === 0);
  }

  /** Rosters as pushes tell them, beside what the server says: they have to become equal soon. */
  async compareRosters(): Promise<void> {
    const differences = await Promise.all(this.#members.map((member) => this.#differenceOf(member)));
    this.#rosterDifferences = differences.flat();
  }

  async #differenceOf(member: Member): Promise<readonly string[]> {
    let name: string | undefined;
    const isEqual = async () => {
      name = await member.readRosterName(ROSTER_TIMEOUT_MS);
      return name === member.rosterName;
    };
    if (await until(ROSTERS_EQUAL_TIMEOUT_MS, isEqual)) return [];
    return [`roster of ${member.user}: ${name ?? 'no answer'}, pushed was ${member.rosterName}`];
  }

  /** Some leave; resolves when all others see it, or should have. */
  async part(): Promise<void> {
    const leaving = this.#members.filter((_, person) => person % (2 * LEAVING_EVERY) === 0);
    for (const member of leaving) this.#gone.add(member);
    await Promise.all(leaving.map((member) => member.leave()));
    await until(VIEWS_TIMEOUT_MS, () => this.ghosts().length === 0);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#members, ...this.#loners.values()].map((member) => member.vanish()));
  }

  ghosts(): readonly string[] {
    return this.#members.flatMap((member, person) => {
      if (this.#gone.has(member)) return [];
      const partner = this.#partnerOf(person);
      const available = this.#gone.has(partner) ? [] : [`${partner.user}/${RESOURCE}`];
      return member.ghosts(available).map((jid) => `${member.user} sees ${jid}`);
    });
  }

  figures(archived: ArchivedNumbers): Figures {
    const members = this.#members;
    const returns = members.map(({ session }) => session.returns);
    const sum = (of: (member: Member) => number) => members.reduce((total, member) => total + of(member), 0);
    const now = performance.now();
    return {
      ...judgeAll(this.#ways(archived), now),
      resumed: returns.reduce((total, { resumed }) => total + resumed, 0),
      anew: returns.reduce((total, { anew }) => total + anew, 0),
      retreats: returns.reduce((total, { retreats }) => total + retreats, 0),
      longestAwayMs: Math.round(Math.max(...returns.map(({ longestAwayMs }) => longestAwayMs))),
      ghosts: this.ghosts().length,
      stale: this.#stale(),
      unansweredIqs: sum(({ requests }) => requests.filter((request) => isUnanswered(request, now)).length),
      rostersDiffer: this.#rosterDifferences.length,
      bounced: sum(({ bounces }) => bounces.length),
    };
  }

  /** Why connections and sessions ended, the most frequent first. */
  reasons(): readonly string[] {
    const counts = new Map<string, number>();
    const add = (reason: string, n: number) => counts.set(reason, (counts.get(reason) ?? 0) + n);
    for (const { session, bounces, open } of this.#members) {
      for (const [reason, n] of session.returns.reasons) add(reason, n);
      const stuck =
        open > 0 ? `${open} not acknowledged, ${session.open} not handled, ${session.returns.resumed} returns` : '';
      if (stuck !== '') add(stuck, 1);
      for (const condition of bounces) add(`a message bounced: ${condition}`, 1);
    }
    for (const difference of this.#rosterDifferences) add(difference, 1);
    const now = performance.now();
    for (const [person, { requests, sent }] of this.#members.entries()) {
      for (const request of requests)
        if (isUnanswered(request, now)) add(this.#describe(`no answer of ${request.to}`, request.sentAtMs, person), 1);
      const seen = new Set(
        [this.#partnerOf(person), this.#loners.get(person ^ 1)].flatMap((device) =>
          (device?.received.partner ?? []).map(({ number }) => number),
        ),
      );
      for (const { number, sentAtMs, acknowledgedAtMs } of sent.partner)
        if (acknowledgedAtMs !== undefined && !seen.has(number))
          add(this.#describe(`not delivered: ${number}, handled at ${clockOf(acknowledgedAtMs)}`, sentAtMs, person), 1);
    }
    return [...counts]
      .sort((a, b) => b[1] - a[1])
      .slice(0, REASONS_SHOWN)
      .map(([reason, n]) => `${n} × ${reason}`);
  }

  /** For whoever looks for it in the logs: times are those of the clock. */
  #describe(what: string, sentAtMs: number, person: number): string {
    const returns = (of: Member | undefined) => of?.session.returns.atMs.slice(1).map(clockOf).join(' ') || 'never';
    const backs = `back ${returns(this.#members[person])}, partner ${returns(this.#partnerOf(person))}`;
    return `${what}: ${usernameOf(person)} at ${clockOf(sentAtMs)} (${backs})`;
  }

  /** Messages that were acknowledged and have reached nobody. */
  #undelivered(): number {
    const ways = this.#ways(new Map()).map((way) => ({ ...way, archives: [] }));
    return judgeAll(ways, performance.now()).lost;
  }

  #stale(): number {
    return this.#members.filter((member, person) => {
      const partner = this.#partnerOf(person);
      const seen = member.statusOf(`${partner.user}/${RESOURCE}`);
      return !this.#gone.has(member) && seen !== undefined && seen !== partner.status;
    }).length;
  }

  #ways(archived: ArchivedNumbers): readonly Way[] {
    return this.#members.flatMap((member, person) => {
      const partner = this.#partnerOf(person);
      const sender = { user: member.user, username: member.account.username };
      const loner = (of: number) => this.#loners.get(of);
      const devices = (own: Member, other: Member | undefined, series: 'partner' | 'self') =>
        [own, other].flatMap((device) => (device === undefined ? [] : [device.received[series]]));
      return [
        {
          sent: member.sent.partner,
          archives: archivesOf(archived, sender, partner.user, 'partner'),
          devices: devices(partner, loner(person ^ 1), 'partner'),
        },
        {
          sent: member.sent.self,
          archives: archivesOf(archived, sender, member.user, 'self'),
          devices: devices(member, loner(person), 'self'),
        },
      ];
    });
  }

  #partnerOf(person: number): Member {
    const partner = this.#members[person ^ 1];
    if (partner === undefined) throw new RangeError(`nobody belongs to ${person}`);
    return partner;
  }

  #hasLoner(person: number): boolean {
    const { lonerEvery } = this.#options;
    return lonerEvery !== undefined && person % 2 === 1 && (person >> 1) % lonerEvery === 0;
  }

  #member(person: number, resource: string): Member {
    const { people, keys, tcp, ws, run, random, bodyCharsMin } = this.#options;
    const { domain } = people;
    const own = seeded(Math.floor(random() * 2 ** 32));
    return new Member({
      account: { domain, username: usernameOf(person), resource, keys },
      partner: jidOf(person ^ 1, domain),
      partnerResource: RESOURCE,
      partnerLoner: this.#hasLoner(person ^ 1) ? LONER_RESOURCE : undefined,
      endpoint: oneOf(own, [tcp, ws]),
      random: own,
      run,
      patienceMs: oneOf(own, PATIENCE_MS),
      ...(resource === LONER_RESOURCE && { maxSeconds: LONER_SECONDS }),
      hasOriginIds: own() < 0.5,
      bodyCharsMin,
    });
  }
}

/** Minutes and seconds, as in the logs. */
const clockOf = (atMs: number): string => new Date(performance.timeOrigin + atMs).toISOString().slice(14, 23);

function isUnanswered({ sentAtMs, answeredAtMs, isAbandoned }: Request, nowMs: number): boolean {
  if (isAbandoned && answeredAtMs === undefined) return false;
  return (answeredAtMs ?? nowMs) - sentAtMs > UNANSWERED_MS;
}

/** Looks until it is so, or until the time is over: whether it is so. */
export async function until(timeoutMs: number, isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    if (await isSo()) return true;
    if (performance.now() > deadlineMs) return false;
    await sleep(POLL_MS);
  }
}
