import { setTimeout as sleep } from 'node:timers/promises';
import { registerAccount, WEBSOCKET_PATH, type World } from '@starling/testkit';
import type { Transport } from '../peers/generator/orders.ts';
import { LeanClient } from './lean-client.ts';

export type Load = 'archived' | 'no-store' | 'no-store, WebSocket';

const NO_STORE = "<no-store xmlns='urn:xmpp:hints'/>";
/** The kinds of messages: what is put into them, and what they go over. */
export const LOADS: Readonly<Record<Load, { readonly hint: string; readonly transport: Transport }>> = {
  archived: { hint: '', transport: 'tcp' },
  'no-store': { hint: NO_STORE, transport: 'tcp' },
  'no-store, WebSocket': { hint: NO_STORE, transport: 'ws' },
};

const AT_ONCE = 8;
const DRAIN_TIMEOUT_MS = 30_000;
const POLL_MS = 20;
const PASSWORD = 'bench';

export interface PairOptions {
  readonly pairs: number;
  /** Messages of one sender under way at the same time. */
  readonly window: number;
  readonly bodyBytes: number;
}

interface Pair {
  readonly sender: LeanClient;
  readonly receiver: LeanClient;
  readonly to: string;
}

/** Pairs of clients, one sending to the other in a closed loop: a message that arrives sets the next one off. */
export class Pairs {
  sent = 0;
  delivered = 0;
  readonly #pairs: readonly Pair[];
  readonly #options: PairOptions;

  private constructor(pairs: readonly Pair[], options: PairOptions) {
    this.#pairs = pairs;
    this.#options = options;
  }

  /** Makes the accounts and logs them in. */
  static async logIn(world: World, transport: Transport, options: PairOptions): Promise<Pairs> {
    const { port } = world.endpoint(transport);
    const place = { transport, port, path: WEBSOCKET_PATH, domain: world.domain };
    const pairs: Pair[] = [];
    let next = 0;
    const logIn = async (username: string) => {
      await registerAccount(world.endpoint('ws'), world.domain, username, PASSWORD);
      return LeanClient.login(place, username, PASSWORD);
    };
    const work = async () => {
      for (let n = next++; n < options.pairs; n = next++) {
        const [sender, receiver] = [await logIn(`${transport}-sender-${n}`), await logIn(`${transport}-receiver-${n}`)];
        pairs.push({ sender, receiver, to: receiver.jid.slice(0, receiver.jid.indexOf('/')) });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return new Pairs(pairs, options);
  }

  /**
   * Sends for a while, then waits for what is under way.
   * @throws Error when not everything that was sent arrives
   */
  async run(load: Load, seconds: number): Promise<{ readonly delivered: number; readonly seconds: number }> {
    const [sentBefore, startedMs] = [this.sent, performance.now()];
    const text = `<body>${'x'.repeat(this.#options.bodyBytes)}</body>${LOADS[load].hint}</message>`;
    let isRunning = true;
    for (const { sender, receiver, to } of this.#pairs) {
      const send = () =>
        sender.send(`<message${sender.stanzaNamespace} to='${to}' type='chat' id='m${this.sent++}'>${text}`);
      receiver.onMessages = (count) => {
        this.delivered += count;
        for (let n = 0; isRunning && n < count; n++) send();
      };
      for (let n = 0; n < this.#options.window; n++) send();
    }
    await sleep(seconds * 1_000);
    isRunning = false;
    const stoppedMs = performance.now();
    while (this.delivered < this.sent && performance.now() < stoppedMs + DRAIN_TIMEOUT_MS) await sleep(POLL_MS);
    if (this.delivered !== this.sent) throw new Error(`${this.sent} sent, but ${this.delivered} delivered`);
    return { delivered: this.sent - sentBefore, seconds: (performance.now() - startedMs) / 1_000 };
  }

  close(): void {
    for (const { sender, receiver } of this.#pairs) {
      sender.close();
      receiver.close();
    }
  }
}
