import { setTimeout as sleep } from 'node:timers/promises';
import { type SharedKeys, sharedKeys } from '../../presence/scram.ts';
import type { Target } from './orders.ts';
import { answerPings, logIn, type Session, WaitError } from './session.ts';

/** As in the runs that the figures of others come from. */
const LOGINS_AT_ONCE = 50;
/** Before a login that was told to wait is tried again. */
const WAIT_MS = 1_000;

/** All sessions of one run, by number. */
export class Crowd {
  readonly sessions: Session[] = [];
  /** Logins that were told to wait. */
  waited = 0;
  readonly #target: Target;
  readonly #keys: SharedKeys;
  readonly #loginsAtOnce: number;
  readonly #waitsMax: number;

  /** @param waitsMax how often one login may be told to wait: never where that would be a fault */
  constructor(target: Target, loginsAtOnce = LOGINS_AT_ONCE, waitsMax = 0) {
    this.#target = target;
    this.#loginsAtOnce = loginsAtOnce;
    this.#waitsMax = waitsMax;
    this.#keys = sharedKeys(target.password, Buffer.from(target.salt, 'base64'));
  }

  /** Until there are so many; `onLogin` hears how long each took. @throws Error when one fails, or one that was there is lost */
  async grow(count: number, onLogin: (ms: number) => void = () => undefined): Promise<void> {
    let next = this.sessions.length;
    const work = async () => {
      for (let user = next++; user < count; user = next++) {
        const startedMs = performance.now();
        const session = await this.#logIn(user);
        onLogin(performance.now() - startedMs);
        this.sessions[user] = session;
        this.listen(session, (text) => answerPings(session, text));
      }
    };
    await Promise.all(Array.from({ length: this.#loginsAtOnce }, work));
  }

  async #logIn(user: number): Promise<Session> {
    for (let waits = 0; ; waits++) {
      try {
        return await logIn(this.#target, this.#keys, user);
      } catch (error) {
        if (!(error instanceof WaitError) || waits === this.#waitsMax) throw error;
        this.waited++;
        await sleep(WAIT_MS);
      }
    }
  }

  /** What one of them reads goes there from now on. One that is lost ends the run: its figures would mean nothing. */
  listen({ connection, jid }: Session, onText: (text: string) => void): void {
    connection.flow(onText, (reason) => {
      throw new Error(`${jid}: ${reason}`);
    });
  }

  /** All leave. */
  async close(): Promise<void> {
    await Promise.all(this.sessions.splice(0).map(({ connection }) => connection.close()));
  }
}
