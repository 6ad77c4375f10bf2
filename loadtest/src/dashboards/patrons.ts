import { setTimeout as sleep } from 'node:timers/promises';
import { Client, login, type World } from '@starling/testkit';
import { ManagedSession, type Sent } from '../chaos/managed-session.ts';
import type { Account } from '../chaos/negotiate.ts';
import { jidOf, type People, usernameOf } from '../presence/people.ts';
import type { SharedKeys } from '../presence/scram.ts';
import { between, type Random } from '../random.ts';

const NS = {
  ping: 'urn:xmpp:ping',
  roster: 'jabber:iq:roster',
  states: 'http://jabber.org/protocol/chatstates',
  hints: 'urn:xmpp:hints',
  mam: 'urn:xmpp:mam:2',
} as const;

const PAUSE_MS = { min: 50, max: 350 } as const;
const RESOURCE = 'phone';
const PATIENCE_MS = 5_000;
const SETTLE_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
/** Of what one does, in percent; the rest are messages with a body. */
const SHARES = { state: 15, passing: 8, ping: 8, presence: 8, roster: 5, history: 5, nowhere: 3 } as const;

/** People who do a little of everything that dashboards show. */
export class Patrons {
  readonly #sessions: readonly ManagedSession<Sent>[];
  readonly #people: People;
  readonly #random: Random;
  readonly #timers = new Set<NodeJS.Timeout>();
  #numbers = 0;

  constructor(world: World, people: People, keys: SharedKeys, random: Random) {
    this.#people = people;
    this.#random = random;
    this.#sessions = Array.from({ length: people.count }, (_, person) => {
      const account: Account = { domain: world.domain, username: usernameOf(person), resource: RESOURCE, keys };
      const session: ManagedSession<Sent> = new ManagedSession({
        ...{ account, random, patienceMs: PATIENCE_MS },
        // By the cluster's own balancer, as a client would: it comes to an edge that is there.
        endpoint: { transport: 'tcp', host: '127.0.0.1', port: world.ready.endpoints.c2s },
        onStanza: () => undefined,
        onHandled: () => undefined,
        onFresh: () => session.send({ xml: '<presence/>' }),
      });
      return session;
    });
  }

  get resumed(): number {
    return this.#sessions.reduce((sum, { returns }) => sum + returns.resumed, 0);
  }

  /** Everybody logs in. @throws Error when that takes too long */
  async enter(): Promise<void> {
    for (const session of this.#sessions) session.start();
    const deadline = performance.now() + SETTLE_TIMEOUT_MS;
    while (!this.#sessions.every(({ isConnected }) => isConnected)) {
      if (performance.now() > deadline) throw new Error('not everybody could log in');
      await sleep(POLL_MS);
    }
  }

  begin(): void {
    for (const person of this.#sessions.keys()) this.#act(person);
  }

  async leave(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all(this.#sessions.map((session) => session.leave()));
  }

  #act(person: number): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#sessions[person]?.send({ xml: this.#deed(person) });
        this.#act(person);
      },
      between(this.#random, PAUSE_MS.min, PAUSE_MS.max),
    );
    this.#timers.add(timer);
  }

  #deed(person: number): string {
    const contacts = this.#people.contactsOf(person);
    const contact = contacts[between(this.#random, 0, contacts.length - 1)] ?? person;
    const to = jidOf(contact, this.#people.domain);
    const id = `n${++this.#numbers}`;
    let share = between(this.#random, 0, 99);
    const is = (part: keyof typeof SHARES) => {
      share -= SHARES[part];
      return share < 0;
    };
    if (is('state')) return `<message to='${to}' type='chat'><composing xmlns='${NS.states}'/></message>`;
    if (is('passing'))
      return `<message to='${to}' type='chat' id='${id}'><body>hark</body><no-permanent-store xmlns='${NS.hints}'/></message>`;
    if (is('ping')) return `<iq type='get' id='${id}' to='${this.#people.domain}'><ping xmlns='${NS.ping}'/></iq>`;
    if (is('presence')) return `<presence><status>${id}</status></presence>`;
    if (is('roster'))
      return `<iq type='set' id='${id}'><query xmlns='${NS.roster}'><item jid='${to}' name='${id}'/></query></iq>`;
    if (is('history')) return `<iq type='set' id='${id}'><query xmlns='${NS.mam}'/></iq>`;
    if (is('nowhere'))
      return `<message to='nobody@elsewhere.example' type='chat' id='${id}'><body>hark</body></message>`;
    return `<message to='${to}' type='chat' id='${id}'><body>But soft, what light through yonder window breaks? ${id}</body></message>`;
  }
}

/** What goes wrong in the life of a server: a wrong password, and a stream that is none. */
export async function misbehave(world: World, people: People): Promise<void> {
  const endpoint = world.endpoint('tcp');
  const credentials = { username: usernameOf(0), password: 'wrong' };
  // Policy: that they are refused is what they are for.
  await login(endpoint, people.domain, credentials).catch(() => undefined);
  const client = await Client.connect(endpoint, people.domain);
  client.send('<</>');
  await client.ended().catch(() => undefined);
  await client.destroy();
}
