import { ack, readAck, tooHigh } from '@starling/features/xep-0198-stream-management/elements';
import { HandledTooHighError } from '@starling/sm-queue';
import { StreamError } from '@starling/stanza';
import type { ClientSession } from '../session.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { Kept, ManagedStream } from './managed-stream.ts';

export interface AcksOptions {
  readonly checkpoints: Checkpoints;
  /** At the latest after so many ms an `<r/>` is answered with what is stored by then. */
  readonly answerWaitMs: number;
  /** The client has got these. */
  readonly onArrived: (session: ClientSession, arrived: readonly Kept[]) => void;
  /** Another edge has the session. */
  readonly onLost: (session: ClientSession) => void;
}

/** Acknowledgements both ways (XEP-0198 §4). */
export class Acks {
  readonly #options: AcksOptions;

  constructor(options: AcksOptions) {
    this.#options = options;
  }

  /** `<a/>`: at once, before what the client sent in front of it is handled. */
  acknowledged(session: ClientSession, sm: ManagedStream, attributes: Readonly<Record<string, string>>): void {
    const h = readAck(attributes);
    if (h === undefined) {
      session.abort(new StreamError('bad-format', 'an <a/> without its h'));
      return;
    }
    try {
      this.#options.onArrived(session, sm.acknowledged(h));
      if (sm.asksNow) session.ask();
    } catch (error) {
      if (!(error instanceof HandledTooHighError)) throw error;
      session.abort(tooHigh(error.h, error.sent)); // §6
    }
  }

  /** `<r/>` has come: from now on the time runs. */
  asked(session: ClientSession, sm: ManagedStream): void {
    sm.unansweredAsks++;
    sm.answerTimer ??= setTimeout(() => {
      sm.answerTimer = undefined;
      this.#answer(session, sm, this.#told(session, sm));
    }, this.#options.answerWaitMs);
  }

  /** All that the client sent before its `<r/>` is handled: what is stored by now, or is being stored, tells so. */
  reached(session: ClientSession, sm: ManagedStream): void {
    const { handled } = session;
    if (!sm.isResumable || sm.storedHandled === handled) {
      this.#answer(session, sm, handled);
      return;
    }
    void this.#options.checkpoints.write(session, sm).then((outcome) => {
      if (outcome === 'lost') this.#options.onLost(session);
      else if (outcome === 'stored') this.#answer(session, sm, sm.storedHandled, true);
      // Else the time that it has runs out.
    });
  }

  #told(session: ClientSession, sm: ManagedStream): number {
    return sm.isResumable ? sm.storedHandled : session.completed;
  }

  /** One `<a/>` for each `<r/>`; `isNews`: also when all of them have been answered with less. */
  #answer(session: ClientSession, sm: ManagedStream, handled: number, isNews = false): void {
    clearTimeout(sm.answerTimer);
    sm.answerTimer = undefined;
    const count = Math.max(sm.unansweredAsks, isNews ? 1 : 0);
    sm.unansweredAsks = 0;
    for (let i = 0; i < count; i++) session.writeElement(ack(sm.countOf(handled)));
  }
}
