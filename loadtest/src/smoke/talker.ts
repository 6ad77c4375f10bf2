import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type Client, childOf, type Endpoint, login, textOf, type World } from '@starling/testkit';
import { between, type Random } from '../random.ts';
import type { SentMessage, Visit } from './verdict.ts';

type Stanza = Awaited<ReturnType<Client['next']>>;

/** Sent before one waits for the answer. */
const DELAY = 'urn:xmpp:delay';
const BATCH_MAX = 4;
const PAUSE_MS = { min: 30, max: 250 } as const;
const BODY_CHARS = { min: 20, max: 400 } as const;
/** Longer than an append is tried (STARLING_APPEND_TIMEOUT), so that its error comes before we give up. */
const ANSWER_TIMEOUT_MS = 30_000;
const LOGIN_PAUSE_MS = 200;
/** A reader waits as long as the run may take. */
const READ_TIMEOUT_MS = 300_000;
const RESOURCE = 'smoke';

export interface TalkerOptions {
  readonly world: World;
  readonly username: string;
  readonly password: string;
  /** Bare JID. */
  readonly peer: string;
  readonly transport: Endpoint['transport'];
  /** Where it logs in first. */
  readonly edge: number;
  /** Makes its origin-ids those of this run. */
  readonly run: string;
  readonly random: Random;
}

/**
 * One account with one client: sends numbered messages to its peer, and notes what it gets from it. A message counts as acknowledged when a
 * ping (XEP-0199) that was sent behind it has been answered: a session's stanzas are handled strictly in order, and a durable message is
 * handled when both logs have it. Whenever its connection dies it logs in at the next edge, and sends what was not acknowledged again, with the
 * same origin-id (XEP-0359).
 */
export class Talker {
  readonly user: string;
  readonly peer: string;
  readonly sent: SentMessage[] = [];
  readonly visits: Visit[] = [];
  /** Errors about messages that had been acknowledged: there must be none. */
  bounced = 0;
  /** The last reason why a login failed or a session ended. */
  lastTrouble = '';
  readonly #options: TalkerOptions;
  readonly #open: SentMessage[] = [];
  /** Of the batch under way. */
  readonly #refusedNow = new Set<SentMessage>();
  #edge: number;
  #pings = 0;
  #isSending = true;
  #isClosing = false;
  #client: Client | undefined;
  #running: Promise<void> | undefined;

  constructor(options: TalkerOptions) {
    this.#options = options;
    this.user = `${options.username}@${options.world.domain}`;
    this.peer = options.peer;
    this.#edge = options.edge;
  }

  get logins(): number {
    return this.visits.length;
  }

  /** Messages that are not acknowledged yet. */
  get open(): number {
    return this.#open.length;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** No new messages; those that are open go on. */
  stopSending(): void {
    this.#isSending = false;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#client?.destroy();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isClosing) {
      const client = await this.#logIn();
      if (client === undefined) return;
      const visit: Visit = { availableAtMs: performance.now(), stayed: true, numbers: [], late: new Set<number>() };
      this.visits.push(visit);
      const reading = this.#read(client, visit);
      await this.#talk(client);
      visit.stayed = this.#isClosing;
      await client.destroy();
      await reading;
    }
  }

  /** Tries one edge after another until one takes it. */
  async #logIn(): Promise<Client | undefined> {
    const { world, transport, username, password } = this.#options;
    for (; !this.#isClosing; await sleep(LOGIN_PAUSE_MS)) {
      const endpoint = world.endpoint(transport, this.#edge++);
      let client: Client | undefined;
      try {
        client = await login(endpoint, world.domain, { username, password, resource: RESOURCE });
        client.sendXml('<presence/>');
        await client.receives`<presence from='${client.jid}'/>`;
        this.#client = client;
        return client;
      } catch (error) {
        // Policy: the edge is dead, or what it needs is; the next one is tried.
        this.#noteTrouble(error);
        await client?.destroy();
      }
    }
    return undefined;
  }

  /** Until the connection dies. */
  async #talk(client: Client): Promise<void> {
    try {
      while (!client.closed && !this.#isClosing) {
        const batch = this.#nextBatch();
        if (batch.length > 0) await this.#send(client, batch);
        await sleep(between(this.#options.random, PAUSE_MS.min, PAUSE_MS.max));
      }
    } catch (error) {
      // Policy: a connection that dies is what the run is about; what was not acknowledged is sent again.
      if (!this.#isClosing) this.#noteTrouble(error);
    }
  }

  #nextBatch(): readonly SentMessage[] {
    const wanted = between(this.#options.random, 1, BATCH_MAX);
    while (this.#isSending && this.#open.length < wanted) {
      const message = {
        number: this.sent.length + 1,
        sentAtMs: performance.now(),
        acknowledgedAtMs: undefined,
        refused: false,
      };
      this.sent.push(message);
      this.#open.push(message);
    }
    return this.#open.slice(0, wanted);
  }

  async #send(client: Client, batch: readonly SentMessage[]): Promise<void> {
    this.#refusedNow.clear();
    for (const { number } of batch) client.sendXml(this.#messageOf(number));
    const id = `ping-${++this.#pings}`;
    client.sendXml(`<iq type='get' id='${id}' to='${client.domain}'><ping xmlns='urn:xmpp:ping'/></iq>`);
    const answer = await client.receive(`<iq id='${id}'/>`, ANSWER_TIMEOUT_MS);
    // Errors came before the answer; whoever reads them has its turn first.
    await nextTurn();
    if (answer.attrs.type !== 'result') throw new Error('a ping was answered with an error');
    for (const message of batch) {
      if (this.#refusedNow.has(message)) continue;
      message.acknowledgedAtMs = performance.now();
      this.#open.splice(this.#open.indexOf(message), 1);
    }
  }

  // The same bytes at every attempt.
  #messageOf(number: number): string {
    const { run, username, peer } = this.#options;
    const filler = 'x'.repeat(BODY_CHARS.min + ((number * 37) % (BODY_CHARS.max - BODY_CHARS.min)));
    const originId = `<origin-id xmlns='urn:xmpp:sid:0' id='${run}-${username}-${number}'/>`;
    return `<message to='${peer}' type='chat' id='${number}'><body>${number} ${filler}</body>${originId}</message>`;
  }

  async #read(client: Client, visit: Visit): Promise<void> {
    try {
      for (;;) for (const message of await client.messages(1, READ_TIMEOUT_MS)) this.#take(message, visit);
    } catch {
      // Policy: nothing more comes; the sending side has noticed it too.
    }
  }

  #take(message: Stanza, visit: Visit): void {
    if (message.attrs.from?.split('/')[0] !== this.peer) return;
    if (message.attrs.type === 'error') this.#refused(Number(message.attrs.id));
    else {
      const number = numberOf(message);
      visit.numbers.push(number);
      if (childOf(message, 'delay', DELAY) !== undefined) visit.late.add(number);
    }
  }

  #refused(number: number): void {
    const message = this.#open.find((m) => m.number === number);
    if (message === undefined) {
      this.bounced++;
      return;
    }
    message.refused = true;
    this.#refusedNow.add(message);
  }

  #noteTrouble(error: unknown): void {
    const [firstLine = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
    // Without ids the same trouble of two talkers reads the same.
    this.lastTrouble = firstLine.replace(/ id='[^']*'/g, '');
  }
}

function numberOf(message: Stanza): number {
  const body = childOf(message, 'body');
  return body === undefined ? 0 : Number.parseInt(textOf(body), 10);
}
