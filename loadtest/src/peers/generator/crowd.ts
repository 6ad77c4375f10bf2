import { type SharedKeys, sharedKeys } from '../../presence/scram.ts';
import type { Target } from './orders.ts';
import { answerPings, logIn, type Session } from './session.ts';

/** As in the runs that the figures of others come from. */
const LOGINS_AT_ONCE = 50;

/** All sessions of one run, by number. */
export class Crowd {
  readonly sessions: Session[] = [];
  readonly #target: Target;
  readonly #keys: SharedKeys;
  readonly #loginsAtOnce: number;

  constructor(target: Target, loginsAtOnce = LOGINS_AT_ONCE) {
    this.#target = target;
    this.#loginsAtOnce = loginsAtOnce;
    this.#keys = sharedKeys(target.password, Buffer.from(target.salt, 'base64'));
  }

  /** Until there are so many; `onLogin` hears how long each took. @throws Error when one fails, or one that was there is lost */
  async grow(count: number, onLogin: (ms: number) => void = () => undefined): Promise<void> {
    let next = this.sessions.length;
    const work = async () => {
      for (let user = next++; user < count; user = next++) {
        const startedMs = performance.now();
        const session = await logIn(this.#target, this.#keys, user);
        onLogin(performance.now() - startedMs);
        this.sessions[user] = session;
        this.listen(session, (text) => answerPings(session, text));
      }
    };
    await Promise.all(Array.from({ length: this.#loginsAtOnce }, work));
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
