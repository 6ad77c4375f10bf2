import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Endpoint } from './channel.ts';
import type {
  Command,
  ForeignCarbon,
  ForeignContact,
  ForeignEvent,
  ForeignMessage,
  ForeignPresence,
  PresenceCommand,
  SubscriptionCommand,
} from './drivers/protocol.ts';
import { RECEIVE_TIMEOUT_MS } from './inbox.ts';

export type { ForeignCarbon, ForeignContact, ForeignMessage, ForeignPresence } from './drivers/protocol.ts';

/** Clients that nobody here wrote. */
export type ForeignKind = 'xmpp-client' | 'stanza' | 'slixmpp' | 'profanity';

/** A started interpreter, TLS, SCRAM: on a busy machine that takes its time. */
const ONLINE_TIMEOUT_MS = 30_000;
const STDERR_CHARS_MAX = 4_000;
/** A roster is asked for, as none of the interfaces tells of its pushes in the same way. */
const ROSTER_POLL_MS = 100;

export interface ForeignOptions {
  /** Bare (the server chooses the resource) or full. */
  readonly jid: string;
  readonly password: string;
  readonly endpoint: Endpoint;
  /** Reconnects and resumes its session (XEP-0198) by its own code; default: a broken connection is its end. */
  readonly resumes?: boolean;
}

/** A driver that is no part of this package: a command that obeys drivers/protocol.ts. */
export interface ForeignDriver {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** Which transports a kind speaks. */
export const SPEAKS: Readonly<Record<ForeignKind, readonly Endpoint['transport'][]>> = {
  'xmpp-client': ['ws', 'tcp', 'tls'],
  stanza: ['ws'],
  slixmpp: ['tcp', 'tls'],
  profanity: ['tcp'],
};

// The one that Debian's package belongs to comes first: another python3 may stand before it in PATH.
function pythonWithSlixmpp(): string {
  const found = ['/usr/bin/python3', 'python3'].find(
    (python) => spawnSync(python, ['-c', 'import slixmpp']).status === 0,
  );
  if (found === undefined) throw new Error('no python3 that has slixmpp: install python3-slixmpp');
  return found;
}

function driverOf(kind: ForeignKind): ForeignDriver {
  const [command, file] =
    kind === 'slixmpp'
      ? [pythonWithSlixmpp(), './assets/slixmpp-driver.py']
      : [process.execPath, `./drivers/${kind}-driver.js`];
  return { name: kind, command, args: [fileURLToPath(new URL(file, import.meta.url))] };
}

function startDriver({ command, args }: ForeignDriver): ChildProcess {
  // The Node clients have no way to accept one certificate; their process talks to nothing else.
  const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' };
  return spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
}

/** A client of another project, logged in and available. */
export class ForeignClient {
  /** Which client it is. */
  readonly kind: string;
  /** The full JID. */
  jid = '';
  /** How often it has logged in and bound a resource. */
  logins = 0;
  /** How often it has gone on with its session over another connection. */
  resumptions = 0;
  #sent = 0;
  #acknowledged = 0;
  /** All messages, in order of arrival. */
  readonly received: ForeignMessage[] = [];
  /** All copies of other clients' messages, in order of arrival. */
  readonly carbons: ForeignCarbon[] = [];
  #isCopying = false;
  /** How it has logged in again, each time. */
  readonly #again: { readonly jid: string; readonly mechanism: string }[] = [];
  /** All presence, also about subscriptions, in order of arrival. */
  readonly presences: ForeignPresence[] = [];
  #rosters: (readonly ForeignContact[])[] = [];
  #history: readonly string[] | undefined;
  readonly #child: ChildProcess;
  #stderr = '';
  #failure: Error | undefined;
  #changed: () => void = () => undefined;

  private constructor(driver: ForeignDriver) {
    this.kind = driver.name;
    this.#child = startDriver(driver);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS_MAX);
    });
    this.#child.on('exit', (code, signal) => this.#fail(`the driver has ended (${signal ?? code})`));
    this.#child.stdin?.on('error', () => undefined); // Policy: the exit that caused it is told.
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on('line', (line) =>
        this.#onEvent(JSON.parse(line) as ForeignEvent),
      );
  }

  /** @throws Error when it cannot log in */
  static async start(driver: ForeignKind | ForeignDriver, options: ForeignOptions): Promise<ForeignClient> {
    const client = new ForeignClient(typeof driver === 'string' ? driverOf(driver) : driver);
    client.#tell({ do: 'connect', resumes: false, ...options });
    try {
      await client.#until(() => client.jid !== '', 'online', ONLINE_TIMEOUT_MS);
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  #onEvent(event: ForeignEvent): void {
    if (event.event === 'online') {
      this.jid = event.jid;
      this.logins++;
    } else if (event.event === 'resumed') this.resumptions++;
    else if (event.event === 'sent') this.#sent++;
    else if (event.event === 'acknowledged') this.#acknowledged++;
    else if (event.event === 'message') this.received.push(event.message);
    else if (event.event === 'carbon') this.carbons.push(event.carbon);
    else if (event.event === 'copying') this.#isCopying = true;
    else if (event.event === 'again') this.#again.push(event);
    else if (event.event === 'presence') this.presences.push(event.presence);
    else if (event.event === 'roster') this.#rosters.push(event.contacts);
    else if (event.event === 'history') this.#history = event.bodies;
    else this.#fail(event.text);
    this.#changed();
  }

  #fail(text: string): void {
    this.#failure ??= new Error(`${this.kind}: ${text}\n${this.#stderr}`);
    this.#changed();
  }

  #tell(command: Command): void {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  async #until(condition: () => boolean, label: string, withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!condition()) {
      if (this.#failure) throw this.#failure;
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new Error(`${this.kind} ${this.jid}: not ${label} within ${withinMs} ms\n${this.#stderr}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  send(to: string, body: string, { id = '', type = 'chat' }: { id?: string; type?: string } = {}): void {
    this.#tell({ do: 'send', to, body, id: id === '' ? `${this.kind}-${body}` : id, type });
  }

  /** As soon as it has been given `count` messages to send in all: whether it can send them now is its own affair. */
  async sent(count: number): Promise<void> {
    await this.#until(() => this.#sent >= count, `done with ${count} messages`, RECEIVE_TIMEOUT_MS);
  }

  /** As soon as the server has acknowledged `count` of its messages (XEP-0198 §4). */
  async acknowledged(count: number): Promise<void> {
    await this.#until(() => this.#acknowledged >= count, `sure of ${count} messages`, RECEIVE_TIMEOUT_MS);
  }

  /** As soon as it has gone on with its session `count` times. */
  async resumed(count: number, withinMs: number): Promise<void> {
    await this.#until(() => this.resumptions >= count, `resumed ${count} times`, withinMs);
  }

  /** All messages so far, as soon as they are `count`. */
  async messages(count: number, withinMs = RECEIVE_TIMEOUT_MS): Promise<readonly ForeignMessage[]> {
    try {
      await this.#until(() => this.received.length >= count, `in possession of ${count} messages`, withinMs);
    } catch (cause) {
      throw new Error(`${this.kind} ${this.jid} has ${this.received.length} of ${count} messages`, { cause });
    }
    return this.received;
  }

  /** Enables carbons (XEP-0280): from now on `carbons` grows. */
  async enableCarbons(): Promise<void> {
    this.#tell({ do: 'carbons' });
    await this.#until(() => this.#isCopying, 'sure of its carbons', RECEIVE_TIMEOUT_MS);
  }

  /** Has it log in anew; returns by which mechanism it did, and as whom. */
  async again(): Promise<{ readonly jid: string; readonly mechanism: string }> {
    const before = this.#again.length;
    this.#tell({ do: 'again' });
    await this.#until(() => this.#again.length > before, 'there again', ONLINE_TIMEOUT_MS);
    const { jid, mechanism } = this.#again[before] ?? { jid: '', mechanism: '' };
    this.jid = jid;
    return { jid, mechanism };
  }

  /** As soon as there are `count` copies. */
  async copies(count: number): Promise<readonly ForeignCarbon[]> {
    await this.#until(() => this.carbons.length >= count, `in possession of ${count} copies`, RECEIVE_TIMEOUT_MS);
    return this.carbons;
  }

  /** Becomes available, or changes how. */
  show(show: PresenceCommand['show'], status = ''): void {
    this.#tell({ do: 'presence', show, status });
  }

  /** Puts somebody on the roster, or changes the name. */
  add(jid: string, name: string): void {
    this.#tell({ do: 'add', jid, name });
  }

  remove(jid: string): void {
    this.#tell({ do: 'remove', jid });
  }

  subscription(type: SubscriptionCommand['type'], to: string): void {
    this.#tell({ do: 'subscription', type, to });
  }

  /** What the client has as its roster now. */
  async roster(): Promise<readonly ForeignContact[]> {
    const before = this.#rosters.length;
    this.#tell({ do: 'roster' });
    await this.#until(() => this.#rosters.length > before, 'in possession of a roster', RECEIVE_TIMEOUT_MS);
    return this.#rosters.at(-1) ?? [];
  }

  /** Bodies in the client's archive, as it gets them page by page; profanity: of the chat with a peer. */
  async history(pageSize: number, peer = ''): Promise<readonly string[]> {
    this.#history = undefined;
    this.#tell({ do: 'history', pageSize, peer });
    await this.#until(() => this.#history !== undefined, 'in possession of its archive', RECEIVE_TIMEOUT_MS);
    return this.#history ?? [];
  }

  /** As soon as the roster of the client has this contact with this subscription. */
  async hasContact(jid: string, subscription: string, withinMs = RECEIVE_TIMEOUT_MS): Promise<void> {
    const deadline = Date.now() + withinMs;
    let contacts = await this.roster();
    while (!contacts.some((c) => c.jid === jid && c.subscription === subscription && !c.ask)) {
      if (Date.now() > deadline)
        throw new Error(`${this.kind} ${this.jid}: no ${jid} with ${subscription} in ${JSON.stringify(contacts)}`);
      await delay(ROSTER_POLL_MS);
      contacts = await this.roster();
    }
  }

  /** As soon as the newest presence from exactly this address is so. */
  async sees(from: string, expected: Partial<ForeignPresence>, withinMs = RECEIVE_TIMEOUT_MS): Promise<void> {
    const newest = () => this.presences.findLast((presence) => presence.from === from);
    const isSo = () => Object.entries(expected).every(([k, v]) => newest()?.[k as keyof ForeignPresence] === v);
    try {
      await this.#until(isSo, `aware of ${from} being ${JSON.stringify(expected)}`, withinMs);
    } catch (cause) {
      throw new Error(`${this.kind} ${this.jid} has seen ${JSON.stringify(this.presences)}`, { cause });
    }
  }

  /** Logs off; kills the driver when it does not end by itself. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), RECEIVE_TIMEOUT_MS);
    this.#tell({ do: 'close' });
    this.#child.stdin?.end();
    await exited;
    clearTimeout(timer);
  }
}
