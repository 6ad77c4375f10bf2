import type { Listeners, Times } from './cast.ts';
import { Ledger } from './ledger.ts';
import { meters } from './meters.ts';
import { jidOf, neighboursOf } from './people.ts';
import type { Settings } from './settings.ts';
import { readStamp, writeStamp } from './stamp.ts';
import { pause, type XmppUser } from './xmpp.ts';

/** The messages of the users of one virtual user: what they write to their neighbours, in turn, and what they get. */
export class Conversation {
  readonly #settings: Settings;
  readonly #ledgers = new Map<number, Ledger>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  readonly listeners: Listeners = (index) => {
    const ledger = new Ledger();
    this.#ledgers.set(index, ledger);
    return {
      onMessage: ({ type, body }) => this.#arrived(ledger, type, body),
      onPresence: () => undefined,
    };
  };

  #arrived(ledger: Ledger, type: string, body: string): void {
    const stamp = readStamp(body, this.#settings.run);
    if (stamp === undefined) return;
    if (type === 'error') {
      meters.messagesRefused.add(1);
      return;
    }
    const arrival = ledger.arrived(String(stamp.sender), stamp.number);
    if (arrival === 'again') {
      meters.messagesAgain.add(1);
      return;
    }
    if (arrival === 'late') meters.messagesLate.add(1);
    meters.messagesDelivered.add(1);
    meters.timeToDelivery.add(Date.now() - stamp.sentAtMs);
  }

  /** One user writes until the end, at a moment of his own within each interval. */
  async write(index: number, user: XmppUser, { playMs, endMs }: Times): Promise<void> {
    const { run, messageSeconds } = this.#settings;
    const neighbours = neighboursOf(index, this.#settings);
    if (neighbours.length === 0) return;
    const numbers = new Map<number, number>();
    let nextMs = playMs + Math.random() * messageSeconds * 1_000;
    for (let turn = index; nextMs < endMs; turn++, nextMs += messageSeconds * 1_000) {
      await pause(Math.max(0, nextMs - Date.now()));
      const to = neighbours[turn % neighbours.length] ?? 0;
      const number = (numbers.get(to) ?? 0) + 1;
      numbers.set(to, number);
      const body = writeStamp({ run, sender: index, number, sentAtMs: Date.now() });
      const address = jidOf(to, this.#settings);
      user.send(
        `<message xmlns='jabber:client' to='${address}' type='chat' id='${to}-${number}'><body>${body}</body></message>`,
      );
      meters.messagesSent.add(1);
    }
    await pause(Math.max(0, endMs - Date.now()));
  }

  /** When all are gone. */
  count(): void {
    for (const ledger of this.#ledgers.values()) meters.messagesLost.add(ledger.gaps);
  }
}
