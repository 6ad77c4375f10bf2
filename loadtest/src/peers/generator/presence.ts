import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from './crowd.ts';
import type { GeneratorLine, PresenceOrder, Target, WatchedPart } from './orders.ts';
import { StampReader, stampOf } from './stamp-reader.ts';
import { playLoads, Traffic } from './traffic.ts';

const NS = { roster: 'jabber:iq:roster' } as const;
/** Until everybody has been told of everybody who has logged in. */
const SETTLE_MS = 5_000;

/** Groups in which everybody has everybody else: each presence goes to all of a group, its sender among them. */
export async function presence(
  target: Target,
  order: PresenceOrder,
  watch: readonly WatchedPart[],
  print: (line: GeneratorLine) => void,
): Promise<void> {
  const crowd = new Crowd(target);
  await crowd.grow(order.users);
  const traffic = new Traffic(order.contacts + 1);
  const circle = new Circle(crowd, order, traffic);
  await sleep(SETTLE_MS);
  await playLoads(traffic, circle, { ...order, watch, print });
  await crowd.close();
}

class Circle {
  readonly #crowd: Crowd;
  readonly #traffic: Traffic;
  readonly #window: number;
  #isFlooding = false;
  /** Copies that have arrived since the last one was set off. */
  #arrived = 0;
  #turn = 0;

  constructor(crowd: Crowd, { window }: PresenceOrder, traffic: Traffic) {
    this.#crowd = crowd;
    this.#traffic = traffic;
    this.#window = window;
    for (const session of crowd.sessions) {
      const reader = new StampReader('</presence>', (sentMs) => this.#take(sentMs));
      crowd.listen(session, (text) => reader.push(text));
      // Who has asked for the roster is told of changes to it: as clients do (RFC 6121 §2.1.3).
      session.connection.write(
        `<iq${session.connection.stanzaNamespace} type='get' id='roster'><query xmlns='${NS.roster}'/></iq>`,
      );
    }
  }

  sendNext(): void {
    const { sessions } = this.#crowd;
    const session = sessions[this.#turn++ % sessions.length];
    if (session === undefined) return;
    this.#traffic.sent++;
    const { connection } = session;
    connection.write(
      `<presence${connection.stanzaNamespace}><show>away</show><status>${stampOf(performance.now())}</status></presence>`,
    );
  }

  flood(): () => void {
    this.#isFlooding = true;
    this.#arrived = 0;
    for (let n = 0; n < this.#window; n++) this.sendNext();
    return () => {
      this.#isFlooding = false;
    };
  }

  #take(sentMs: number): void {
    this.#traffic.arrived(sentMs);
    if (!this.#isFlooding || ++this.#arrived < this.#traffic.copies) return;
    this.#arrived = 0;
    this.sendNext();
  }
}
