import type { FullJid } from '@starling/jid';
import { type Stanza, StanzaError } from '@starling/stanza';
import type { EdgeConfig } from './config.ts';
import type { Road } from './road.ts';
import type { ClientSession } from './session.ts';

/** Between two attempts; each time it grows by this, up to the maximum. */
const PAUSE_MS = 1_000;
const PAUSE_MAX_MS = 5_000;

export interface AnswersOptions {
  readonly road: Pick<Road, 'request'>;
  readonly config: Pick<EdgeConfig, 'answerRetryMs' | 'answersWaitingMax'>;
}

/**
 * Answers to requests of others: sent again until an edge says that it was delivered, since nobody would miss one. Whoever asked may be on
 * his way from edge to edge just now (XEP-0198), his edge may be without the bus, or a server of the bus may have died with it.
 */
export class Answers {
  readonly #options: AnswersOptions;
  /** Of each session those that wait. */
  readonly #waiting = new WeakMap<ClientSession, number>();

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  /** Resolves when somebody has it, or nobody had it in time. @throws what is not the bus's word about it: a bug */
  async send(session: ClientSession, answer: Stanza, to: FullJid): Promise<void> {
    const { answerRetryMs, answersWaitingMax } = this.#options.config;
    if (await this.#attempt(session, answer, to)) return;
    const waiting = this.#waiting.get(session) ?? 0;
    if (waiting >= answersWaitingMax) return;
    this.#waiting.set(session, waiting + 1);
    try {
      const deadline = performance.now() + answerRetryMs;
      for (let ms = PAUSE_MS; performance.now() + ms < deadline; ms = Math.min(ms + PAUSE_MS, PAUSE_MAX_MS)) {
        await new Promise((resolve) => setTimeout(resolve, ms).unref());
        if (await this.#attempt(session, answer, to)) return;
      }
    } finally {
      this.#waiting.set(session, (this.#waiting.get(session) ?? 1) - 1);
    }
  }

  async #attempt(session: ClientSession, answer: Stanza, to: FullJid): Promise<boolean> {
    try {
      await this.#options.road.request(session, answer, to);
      return true;
    } catch (error) {
      // Policy: an answer is never answered (RFC 6120 §8.3.1).
      if (error instanceof StanzaError) return false;
      throw error;
    }
  }
}
