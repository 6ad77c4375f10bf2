import type { RosterVersion } from '@starling/contracts';
import type { Db } from '@starling/db';
import { arrival } from '@starling/features/rfc-6121-subscription/exchange';
import type { Logger } from '@starling/runtime';
import type { Announcer } from './announcer.ts';
import type { RosterMetrics } from './metrics.ts';
import type { RosterEdits } from './roster-edits.ts';
import { serverPresence } from './server-presence.ts';
import type { Side } from './side.ts';
import { deleteFarewell, selectBereaved, selectFarewells } from './sql/farewells.ts';

/** Contacts that are looked up at once; each is changed in a transaction of its own. */
const CONTACTS_A_STEP = 100;
/** Removed accounts that one sweep looks at. */
const SWEEP_MAX = 100;
/** The version of a roster that is no more. */
const UNKNOWN: RosterVersion = { lineage: '', number: 0 };

/**
 * Tells the contacts of a removed account that it is gone, as if its unsubscribe and unsubscribed had come (RFC 6121 §3.2, §3.3),
 * one after another. What is left to do is what the contacts' rosters still say, so that a crash loses nothing, and two processes may
 * do it at once. Until it is done nobody can have the name: he would inherit contacts.
 */
export class Farewells {
  readonly #db: Db;
  readonly #edits: RosterEdits;
  readonly #announcer: Announcer;
  readonly #metrics: RosterMetrics;
  readonly #logger: Logger;
  readonly #sweepMs: number;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: {
    db: Db;
    edits: RosterEdits;
    announcer: Announcer;
    metrics: RosterMetrics;
    logger: Logger;
    sweepMs: number;
  }) {
    this.#db = options.db;
    this.#edits = options.edits;
    this.#announcer = options.announcer;
    this.#metrics = options.metrics;
    this.#logger = options.logger;
    this.#sweepMs = options.sweepMs;
  }

  start(): void {
    this.#timer = setInterval(() => this.begin(undefined), this.#sweepMs);
    this.#timer.unref();
    this.begin(undefined);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#working;
  }

  /** Works on one user's farewell, or on all that are left, behind the work that is under way. */
  begin(user: string | undefined): void {
    this.#working = this.#working.then(() => this.#sweep(user));
  }

  /** Resolves when the name is free. @throws DbUnavailableError */
  async finish(user: string): Promise<void> {
    for (const gone of await selectFarewells(this.#db, user, 1)) await this.#finish(gone);
  }

  async #sweep(user: string | undefined): Promise<void> {
    if (this.#stopped) return;
    try {
      for (const gone of await selectFarewells(this.#db, user, SWEEP_MAX)) await this.#finish(gone);
    } catch (error) {
      // Policy: the database is away or busy; what is left waits for the next sweep.
      this.#logger.warn({ what: 'account_farewell_failed', err: error });
    }
  }

  async #finish(gone: string): Promise<void> {
    while (!this.#stopped) {
      const bereaved = await selectBereaved(this.#db, gone, CONTACTS_A_STEP);
      if (bereaved.length === 0) break;
      for (const user of bereaved) {
        await this.#edits.run(user, gone, 'farewell', async ({ own }) => {
          if (own !== undefined) bereave(own);
        });
      }
    }
    if (this.#stopped) return;
    // Again, since who removed the account may have died before he said so; and before somebody else can have the name.
    this.#announcer.tellRemoved(gone, UNKNOWN);
    if (await deleteFarewell(this.#db, gone)) this.#metrics.farewells.inc();
  }
}

/** A pre-approval goes too: it was meant for somebody else than who has the name next. */
function bereave(side: Side): void {
  for (const type of ['unsubscribe', 'unsubscribed'] as const) {
    for (const step of arrival(side.state, type)) {
      const stanza = serverPresence(type, side.contact, side.user);
      side.become(step.state, step.push, step.deliver && { type, stanza });
    }
  }
  if (side.state.approved) side.become({ ...side.state, approved: false }, true, undefined);
}
