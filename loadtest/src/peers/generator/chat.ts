import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from './crowd.ts';
import type { ChatOrder, GeneratorLine, Target, WatchedPart } from './orders.ts';
import type { Session } from './session.ts';
import { StampReader, stampOf } from './stamp-reader.ts';
import { playLoads, Traffic } from './traffic.ts';

const NS = { hints: 'urn:xmpp:hints' } as const;
/** Until it is known everywhere who is there. */
const SETTLE_MS = 2_000;
const FILLING =
  'The quick brown fox jumps over the lazy dog and then writes a long chat message about it to a friend. ';

/** Pairs: one writes, the other reads. */
export async function chat(
  target: Target,
  order: ChatOrder,
  watch: readonly WatchedPart[],
  print: (line: GeneratorLine) => void,
): Promise<void> {
  const crowd = new Crowd(target);
  await crowd.grow(order.users);
  const traffic = new Traffic(1);
  const pairs = new Pairs(crowd, order, traffic);
  await sleep(SETTLE_MS);
  await playLoads(traffic, pairs, { ...order, watch, print });
  await crowd.close();
}

class Pairs {
  readonly #pairs: readonly { readonly sender: Session; readonly head: string; readonly tail: string }[];
  readonly #traffic: Traffic;
  readonly #window: number;
  #isFlooding = false;
  #turn = 0;

  constructor(crowd: Crowd, { users, window, bodyBytes, isStored }: ChatOrder, traffic: Traffic) {
    this.#traffic = traffic;
    this.#window = window;
    const half = users / 2;
    const body = FILLING.repeat(Math.ceil(bodyBytes / FILLING.length));
    const length = bodyBytes - stampOf(performance.now()).length;
    const hint = isStored ? '' : `<no-store xmlns='${NS.hints}'/>`;
    const tail = `${body.slice(0, Math.max(0, length))}</body>${hint}</message>`;
    const [senders, receivers] = [crowd.sessions.slice(0, half), crowd.sessions.slice(half, users)];
    this.#pairs = senders.flatMap((sender, pair) => {
      const receiver = receivers[pair];
      if (receiver === undefined) return [];
      const reader = new StampReader('</message>', (sentMs) => {
        traffic.arrived(sentMs);
        if (this.#isFlooding) this.#send(pair);
      });
      crowd.listen(receiver, (text) => reader.push(text));
      crowd.listen(sender, (text) => {
        // What a sender is sent is no delivery, but an error.
        if (text.includes('<message')) throw new Error(`${sender.jid} reads ${text}`);
      });
      const head = `<message${sender.connection.stanzaNamespace} type='chat' to='${receiver.jid}' id='m`;
      return [{ sender, head, tail }];
    });
  }

  sendNext(): void {
    this.#send(this.#turn++ % this.#pairs.length);
  }

  flood(): () => void {
    this.#isFlooding = true;
    for (let round = 0; round < this.#window; round++)
      for (let pair = 0; pair < this.#pairs.length; pair++) this.#send(pair);
    return () => {
      this.#isFlooding = false;
    };
  }

  #send(pair: number): void {
    const { sender, head, tail } = this.#pairs[pair] ?? {};
    if (sender === undefined) return;
    const id = this.#traffic.sent++;
    sender.connection.write(`${head}${id}'><body>${stampOf(performance.now())}${tail}`);
  }
}
