import type { Endpoint } from '@starling/testkit';
import { attributeOf, parsePresence, statusOf } from '../presence/parse-presence.ts';
import { between, type Random } from '../random.ts';
import { ManagedSession, type Sent } from './managed-session.ts';
import { type Account, tagOf } from './negotiate.ts';
import type { ReceivedMessage, SentMessage } from './verdict.ts';

const NS = {
  ping: 'urn:xmpp:ping',
  version: 'jabber:iq:version',
  roster: 'jabber:iq:roster',
  ids: 'urn:xmpp:sid:0',
} as const;
/** Between two things that one does. */
const PAUSE_MS = { min: 600, max: 2_400 } as const;
/** A message that was refused is sent again after this time. */
const RETRY_MS = 1_500;
const BODY_CHARS = { min: 20, max: 300 } as const;
/** Of everything that one does, in percent; the rest are messages to the partner. */
const SHARES = { self: 6, ping: 8, version: 8, roster: 4, presence: 4 } as const;
const TO_RESOURCE_SHARE = 0.2;

/** Messages to the partner, and those to oneself; as they stand in bodies. */
export type Series = 'partner' | 'self';

/** A request and when it was answered. */
export interface Request {
  readonly to: 'server' | 'partner' | 'roster';
  readonly sentAtMs: number;
  answeredAtMs: number | undefined;
  /** Its session ended in front of the answer, and the next one does not wait for it. */
  isAbandoned: boolean;
}

interface Item extends Sent {
  readonly message?: SentMessage;
  readonly request?: Request;
}

export interface MemberOptions {
  readonly account: Account;
  readonly partner: string;
  /** The resource at which the partner stays. */
  readonly partnerResource: string;
  /** One of the partner's that goes for good. */
  readonly partnerLoner: string | undefined;
  readonly endpoint: Endpoint;
  readonly random: Random;
  /** Marks its messages in the archive. */
  readonly run: string;
  readonly patienceMs: number;
  /** The longest absence that it asks for; undefined: the server's. */
  readonly maxSeconds?: number;
  /** Whether its messages have an origin-id (XEP-0359), by which the log knows them in another session too. */
  readonly hasOriginIds: boolean;
  readonly bodyCharsMin: number;
}

/** One person's device: it talks, asks and watches, and remembers what was promised to it. */
export class Member {
  readonly account: Account;
  readonly session: ManagedSession<Item>;
  readonly sent: Readonly<Record<Series, SentMessage[]>> = { partner: [], self: [] };
  /** By its sender: the partner, or itself. */
  readonly received: Readonly<Record<Series, ReceivedMessage[]>> = { partner: [], self: [] };
  readonly requests: Request[] = [];
  /** Errors about messages that are no "try again". */
  readonly bounces: string[] = [];
  /** Status number of its last presence. */
  status = 0;
  readonly #options: MemberOptions;
  readonly #retries: { readonly series: Series; readonly number: number; readonly dueAtMs: number }[] = [];
  readonly #open = new Map<string, Request>();
  /** Full JID → status number, of those who are available. */
  readonly #view = new Map<string, number>();
  #rosterName = '';
  #requestCount = 0;
  #timer: NodeJS.Timeout | undefined;
  #isFresh = false;

  constructor(options: MemberOptions) {
    const { account, endpoint, random, patienceMs, maxSeconds } = options;
    this.#options = options;
    this.account = account;
    this.session = new ManagedSession<Item>({
      ...{ account, endpoint, random, patienceMs },
      ...(maxSeconds !== undefined && { maxSeconds }),
      onStanza: (stanza) => this.#take(stanza),
      onHandled: (item) => this.#handled(item),
      onFresh: (rest, isCertain) => this.#fresh(rest, isCertain),
    });
  }

  get user(): string {
    return `${this.account.username}@${this.account.domain}`;
  }

  /** It has a session, and sees its partner. */
  get isSettled(): boolean {
    return this.session.isConnected && this.#isFresh && this.#view.has(this.#partnerJid);
  }

  get #partnerJid(): string {
    return `${this.#options.partner}/${this.#options.partnerResource}`;
  }

  /** Messages that are not acknowledged. */
  get open(): number {
    const isOpen = ({ acknowledgedAtMs }: SentMessage) => acknowledgedAtMs === undefined;
    return this.sent.partner.filter(isOpen).length + this.sent.self.filter(isOpen).length;
  }

  /** Requests without an answer, that somebody still waits for. */
  get waiting(): number {
    return this.#open.size;
  }

  get rosterName(): string {
    return this.#rosterName;
  }

  start(): void {
    this.session.start();
  }

  begin(): void {
    const next = () => {
      this.#timer = setTimeout(
        () => {
          this.#act();
          next();
        },
        between(this.#options.random, PAUSE_MS.min, PAUSE_MS.max),
      );
    };
    next();
  }

  /** Nothing new; what was refused is still sent again. */
  finish(): void {
    clearTimeout(this.#timer);
    this.#timer = setInterval(() => this.#retry(), RETRY_MS);
  }

  /** A message, a request and a roster edit, all on their way at once. */
  burst(): void {
    if (!this.session.isConnected) return;
    this.#say('partner');
    this.#askVersion();
    this.#rename();
    this.session.ask();
  }

  /** Asks for the roster, to compare it with what pushes have told. Resolves with the partner's name in it; undefined when nobody answers. */
  async readRosterName(timeoutMs: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), timeoutMs);
      this.#onRoster = (name) => {
        clearTimeout(timer);
        resolve(name);
      };
      this.#request('roster', '', 'get', `<query xmlns='${NS.roster}'/>`);
    });
  }

  #onRoster: ((name: string) => void) | undefined;

  async leave(): Promise<void> {
    clearTimeout(this.#timer);
    await this.session.leave();
  }

  async vanish(): Promise<void> {
    clearTimeout(this.#timer);
    await this.session.vanish();
  }

  /** Full JIDs of the partner that it takes for available, without those that are, or that are not in its view although they are. */
  ghosts(available: readonly string[]): readonly string[] {
    const seen = [...this.#view.keys()].filter((jid) => jid.startsWith(`${this.#options.partner}/`));
    return [
      ...seen.filter((jid) => !available.includes(jid)),
      ...available.filter((jid) => !seen.includes(jid)).map((jid) => `no ${jid}`),
    ];
  }

  /** The status number that it was shown last of a full JID. */
  statusOf(jid: string): number | undefined {
    return this.#view.get(jid);
  }

  #act(): void {
    if (!this.session.isConnected) return;
    const { random } = this.#options;
    if (this.#retry()) return;
    let dice = random() * 100;
    const falls = (share: number) => {
      dice -= share;
      return dice < 0;
    };
    if (falls(SHARES.self)) this.#say('self');
    else if (falls(SHARES.ping)) this.#request('server', this.account.domain, 'get', `<ping xmlns='${NS.ping}'/>`);
    else if (falls(SHARES.version)) this.#askVersion();
    else if (falls(SHARES.roster)) this.#rename();
    else if (falls(SHARES.presence)) this.#announce();
    else this.#say('partner');
    this.session.ask();
  }

  #retry(): boolean {
    const [first] = this.#retries;
    if (first === undefined || first.dueAtMs > performance.now() || !this.session.isConnected) return false;
    this.#retries.shift();
    const message = this.sent[first.series][first.number - 1];
    if (message !== undefined) this.#write(first.series, message);
    this.session.ask();
    return true;
  }

  #say(series: Series): void {
    const messages = this.sent[series];
    const message: SentMessage = {
      number: messages.length + 1,
      sentAtMs: performance.now(),
      acknowledgedAtMs: undefined,
      isRefused: false,
      isUncertain: false,
    };
    messages.push(message);
    this.#write(series, message);
  }

  /** The same bytes at every attempt, save for the resource. */
  #write(series: Series, message: SentMessage): void {
    const { run, hasOriginIds, bodyCharsMin } = this.#options;
    const { number } = message;
    const id = `${run}-${series}-${number}`;
    const chars = bodyCharsMin + BODY_CHARS.min + ((number * 37) % (BODY_CHARS.max - BODY_CHARS.min));
    const origin = hasOriginIds ? `<origin-id xmlns='${NS.ids}' id='${id}'/>` : '';
    const body = `${bodyOf(run, this.account.username, series, number)} ${'x'.repeat(chars)}`;
    const to = series === 'self' ? this.user : this.#addressee(number);
    this.session.send({
      xml: `<message to='${to}' type='chat' id='${id}'><body>${body}</body>${origin}</message>`,
      message,
    });
  }

  /** Mostly the account; sometimes one of its resources, also one that is gone. By the number: the same one at every attempt. */
  #addressee(number: number): string {
    const { partner, partnerLoner } = this.#options;
    const dice = ((number * 61) % 100) / 100;
    if (dice < TO_RESOURCE_SHARE / 2) return this.#partnerJid;
    if (dice < TO_RESOURCE_SHARE && partnerLoner !== undefined) return `${partner}/${partnerLoner}`;
    return partner;
  }

  #askVersion(): void {
    if (this.#view.has(this.#partnerJid))
      this.#request('partner', this.#partnerJid, 'get', `<query xmlns='${NS.version}'/>`);
  }

  #rename(): void {
    const name = `name-${this.#requestCount}`;
    const item = `<item jid='${this.#options.partner}' name='${name}'/>`;
    this.#request('roster', '', 'set', `<query xmlns='${NS.roster}'>${item}</query>`);
  }

  #announce(): void {
    this.status++;
    this.session.send({ xml: `<presence>${statusOf(this.status, Date.now())}</presence>` });
  }

  #request(to: Request['to'], address: string, type: 'get' | 'set', payload: string): void {
    const id = `q${++this.#requestCount}`;
    const request: Request = { to, sentAtMs: performance.now(), answeredAtMs: undefined, isAbandoned: false };
    this.requests.push(request);
    this.#open.set(id, request);
    const target = address === '' ? '' : ` to='${address}'`;
    this.session.send({ xml: `<iq type='${type}' id='${id}'${target}>${payload}</iq>`, request });
  }

  #handled({ message }: Item): void {
    // An error that says that it was not accepted comes in front of this.
    if (message !== undefined && !this.#isRetried(message)) message.acknowledgedAtMs ??= performance.now();
  }

  #isRetried(message: SentMessage): boolean {
    return this.#retries.some(({ series, number }) => this.sent[series][number - 1] === message);
  }

  #fresh(rest: readonly Item[], isCertain: boolean): void {
    this.#view.clear();
    for (const request of this.#open.values()) request.isAbandoned = true;
    this.#open.clear();
    this.#request('roster', '', 'get', `<query xmlns='${NS.roster}'/>`);
    this.#announce();
    for (const item of rest) {
      if (item.message === undefined) continue;
      if (!isCertain && !this.#options.hasOriginIds) item.message.isUncertain = true;
      this.session.send(item);
    }
    this.#isFresh = true;
    this.session.ask();
  }

  #take(stanza: string): void {
    if (stanza.startsWith('<iq')) this.#takeIq(stanza);
    else if (stanza.startsWith('<message')) this.#takeMessage(stanza);
    else this.#takePresence(stanza);
  }

  #takeIq(stanza: string): void {
    const tag = tagOf(stanza);
    const [type, id, from] = [attributeOf(tag, 'type'), attributeOf(tag, 'id'), attributeOf(tag, 'from')];
    if (type === 'get' || type === 'set') {
      if (type === 'set') this.#readRoster(stanza);
      const to = from === '' ? '' : ` to='${from}'`;
      this.session.send({ xml: `<iq type='result' id='${id}'${to}/>` });
      return;
    }
    const request = this.#open.get(id);
    if (request === undefined) return;
    request.answeredAtMs = performance.now();
    this.#open.delete(id);
    if (request.to !== 'roster' || !stanza.includes('<query')) return;
    this.#readRoster(stanza, type === 'result');
  }

  #readRoster(stanza: string, isWhole = false): void {
    const item = (stanza.match(/<item [^>]*>/g) ?? []).find((tag) => attributeOf(tag, 'jid') === this.#options.partner);
    if (item === undefined) return;
    const name = attributeOf(item, 'name');
    if (isWhole && this.#onRoster !== undefined) {
      this.#onRoster(name);
      this.#onRoster = undefined;
    } else this.#rosterName = name;
  }

  #takeMessage(stanza: string): void {
    const tag = tagOf(stanza);
    const id = attributeOf(tag, 'id');
    if (attributeOf(tag, 'type') === 'error') {
      this.#refused(id, stanza);
      return;
    }
    const { run, username, series, number } = readBody(stanza);
    if (run !== this.#options.run) return;
    const [idTag = ''] = /<stanza-id [^>]*>/.exec(stanza) ?? [];
    const isOwn = username === this.account.username;
    if (isOwn !== (series === 'self')) return;
    this.received[series].push({ number, stanzaId: attributeOf(idTag, 'id'), isLate: stanza.includes('<delay') });
  }

  #refused(id: string, stanza: string): void {
    const [run = '', series = '', number = ''] = id.split('-');
    const message = this.sent[series as Series]?.[Number(number) - 1];
    if (run !== this.#options.run || message === undefined) return;
    if (!stanza.includes('<resource-constraint')) {
      const [, condition = ''] = /<error[^>]*>\s*<([\w-]+)/.exec(stanza) ?? [];
      this.bounces.push(condition);
      return;
    }
    message.isRefused = true;
    if (!this.#options.hasOriginIds) message.isUncertain = true;
    this.#retries.push({
      series: series as Series,
      number: message.number,
      dueAtMs: performance.now() + RETRY_MS,
    });
  }

  #takePresence(stanza: string): void {
    const presence = parsePresence(stanza);
    if (presence?.type === '') this.#view.set(presence.from, presence.number);
    else if (presence?.type === 'unavailable') this.#view.delete(presence.from);
  }
}

const bodyOf = (run: string, username: string, series: Series, number: number): string =>
  `chaos ${run} ${username} ${series} ${number}`;

/** What the body of a message says; run '' when it is none of ours. */
export function readBody(stanza: string) {
  const [, run = '', username = '', series = '', number = '0'] =
    /<body>chaos (\S+) (\S+) (partner|self) (\d+) /.exec(stanza) ?? [];
  return { run, username, series: series as Series, number: Number(number) };
}
