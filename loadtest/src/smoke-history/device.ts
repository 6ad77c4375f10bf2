import { Client, type Endpoint } from '@starling/testkit';
import type { Element } from '@starling/xml';
import type { DeviceView } from './verdict.ts';

const NS = {
  carbons: 'urn:xmpp:carbons:2',
  forward: 'urn:xmpp:forward:0',
  ids: 'urn:xmpp:sid:0',
  mam: 'urn:xmpp:mam:2',
  rsm: 'http://jabber.org/protocol/rsm',
} as const;
const PAGE_MAX = 100;
/** Longer than any pause of the servers. */
const ANSWER_TIMEOUT_MS = 60_000;
const FOREVER_MS = 2 ** 31 - 1;

interface Account {
  readonly domain: string;
  readonly username: string;
  readonly password: string;
}

/** One of a person's devices: shows what comes live, and fetches what it has missed from the archive (XEP-0313 §3, XEP-0280). */
export class Device {
  readonly name: string;
  readonly #ids: string[] = [];
  readonly #known = new Set<string>();
  #twice = 0;
  #nameless = 0;
  #client: Client | undefined;
  #reading: Promise<void> = Promise.resolve();
  /** What came live while the archive was being read, in order. */
  #waiting: string[] | undefined;
  /** Of the session that there is now. */
  #live = new Set<string>();
  #page: { readonly ids: string[]; readonly done: (fin: Element) => void } | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get view(): DeviceView {
    return { name: this.name, ids: this.#ids, twice: this.#twice, nameless: this.#nameless };
  }

  get client(): Client {
    if (this.#client === undefined) throw new Error(`${this.name} is offline`);
    return this.#client;
  }

  /** Logs in, is available, and has what it missed when this resolves; what comes live meanwhile follows it. */
  async comeOnline(endpoint: Endpoint, { domain, username, password }: Account): Promise<void> {
    const client = await Client.connect(endpoint, domain);
    await client.negotiate();
    await client.authenticate(username, password);
    await client.openStream();
    await client.bind(this.name);
    this.#client = client;
    this.#live = new Set();
    this.#waiting = [];
    await client.iq('set', '', `<enable xmlns='${NS.carbons}'/>`);
    this.#reading = this.#read(client);
    const last = this.#ids.at(-1);
    client.sendXml('<presence/>');
    if (last !== undefined) for (const id of await this.#behind(client, last)) this.#show(id);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const id of waiting) this.#show(id);
  }

  async goOffline(): Promise<void> {
    await this.client.close();
    await this.#reading;
    this.#client = undefined;
  }

  /** All that the archive has, in its order. */
  archive(): Promise<readonly string[]> {
    return this.#behind(this.client, '');
  }

  async #behind(client: Client, after: string): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let last = after; ; ) {
      const page: string[] = [];
      const fin = new Promise<Element>((done) => {
        this.#page = { ids: page, done };
      });
      const from = last === '' ? '' : `<after>${last}</after>`;
      client.sendXml(
        `<iq type='set' id='page'><query xmlns='${NS.mam}'><set xmlns='${NS.rsm}'><max>${PAGE_MAX}</max>${from}</set></query></iq>`,
      );
      const answer = await inTime(fin, `${this.name} waits for a page`);
      ids.push(...page);
      last = page.at(-1) ?? last;
      if (childOf(answer, NS.mam, 'fin')?.attrs.complete === 'true') return ids;
      if (page.length === 0) throw new Error(`${this.name}: an empty page that is not the last`);
    }
  }

  async #read(client: Client): Promise<void> {
    for (;;) {
      let element: Element;
      try {
        element = await client.next(FOREVER_MS);
      } catch {
        // Policy: the stream is over; what was not received is seen to be missing.
        return;
      }
      if (element.name === 'message') this.#message(element);
      else if (element.name === 'iq' && element.attrs.id === 'page') this.#page?.done(element);
    }
  }

  #message(message: Element): void {
    const result = childOf(message, NS.mam, 'result');
    if (result !== undefined) {
      this.#page?.ids.push(result.attrs.id ?? '');
      return;
    }
    const carbon = childOf(message, NS.carbons, 'received') ?? childOf(message, NS.carbons, 'sent');
    const shown = carbon === undefined ? message : forwardedIn(carbon);
    const id = shown && stanzaIdOf(shown);
    if (id === undefined) {
      this.#nameless++;
      return;
    }
    if (this.#live.has(id)) this.#twice++;
    this.#live.add(id);
    if (this.#waiting === undefined) this.#show(id);
    else this.#waiting.push(id);
  }

  /** What is in the archive and came live too is one message. */
  #show(id: string): void {
    if (this.#known.has(id)) return;
    this.#known.add(id);
    this.#ids.push(id);
  }
}

export const stanzaIdOf = (message: Element): string | undefined => childOf(message, NS.ids, 'stanza-id')?.attrs.id;

function childOf(element: Element, ns: string, name: string): Element | undefined {
  for (const child of element.children)
    if (typeof child === 'object' && child.ns === ns && child.name === name) return child;
  return undefined;
}

function forwardedIn(carbon: Element): Element | undefined {
  const forwarded = childOf(carbon, NS.forward, 'forwarded');
  return forwarded && childOf(forwarded, 'jabber:client', 'message');
}

async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing for ${ANSWER_TIMEOUT_MS} ms`)), ANSWER_TIMEOUT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
