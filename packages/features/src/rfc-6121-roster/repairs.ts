import type { RosterReply, RosterVersion } from '@starling/contracts';
import { StanzaError } from '@starling/stanza';

/** A client's roster, as far as a repair needs it. */
export interface Repairable {
  readonly version: RosterVersion | undefined;
  readonly isBehind: boolean;
  /** Pushes what is missing. */
  catchUp(reply: RosterReply): void;
}

export interface RepairsOptions {
  /** @throws StanzaError */
  readonly fetch: (user: string, known: RosterVersion) => Promise<RosterReply>;
  /** What is missing may still come: with two roster processes a change can overtake the one before it. */
  readonly graceMs: number;
  /** Between two attempts; doubled each time. */
  readonly retryMs: number;
  readonly attemptsMax: number;
  /** At the same time: after a reconnect every user of the edge may have missed something. */
  readonly fetchesMax: number;
}

interface Repair {
  readonly clients: Set<Repairable>;
  /** Also those who do not know of anything that they miss. */
  all: boolean;
}

/** Fetches what clients have missed of their rosters: once for all clients of a user, and so many users at a time. */
export class Repairs {
  readonly #options: RepairsOptions;
  /** Users whose clients are being repaired, or will be. */
  readonly #open = new Map<string, Repair>();
  readonly #waiting: (() => void)[] = [];
  #fetching = 0;

  constructor(options: RepairsOptions) {
    this.#options = options;
  }

  /** These clients have missed something; `all`: they may have, and do not know. */
  request(user: string, clients: Iterable<Repairable>, all: boolean): void {
    const open = this.#open.get(user);
    if (open !== undefined) {
      for (const client of clients) open.clients.add(client);
      open.all ||= all;
      return;
    }
    this.#open.set(user, { clients: new Set(clients), all });
    setTimeout(() => void this.#repair(user), this.#options.graceMs).unref();
  }

  async #repair(user: string): Promise<void> {
    const { attemptsMax, retryMs } = this.#options;
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      if (await this.#attempt(user)) break;
      await new Promise<void>((resolve) => setTimeout(resolve, retryMs * 2 ** (attempt - 1)).unref());
    }
    // Whoever is behind even now gets the rest with the next change, or the next reconnect.
    this.#open.delete(user);
  }

  /** Whether there is nothing left to do. */
  async #attempt(user: string): Promise<boolean> {
    const repair = this.#open.get(user);
    if (repair === undefined) return true;
    await this.#enter();
    try {
      const { all } = repair;
      const known = lowest([...repair.clients].filter((c) => all || c.isBehind));
      if (known === undefined) return true;
      const reply = await this.#options.fetch(user, known);
      repair.all = false;
      for (const client of repair.clients) client.catchUp(reply);
      return ![...repair.clients].some((c) => c.isBehind);
    } catch (error) {
      // Policy: it is tried again; not when the account is gone, whose sessions end anyway.
      return error instanceof StanzaError && error.condition === 'item-not-found';
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#fetching >= this.#options.fetchesMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#fetching++;
  }

  #leave(): void {
    this.#fetching--;
    this.#waiting.shift()?.();
  }
}

/** The version that all of them have, at least. */
function lowest(clients: readonly Repairable[]): RosterVersion | undefined {
  const versions = clients.flatMap((c) => c.version ?? []);
  return versions.reduce<RosterVersion | undefined>(
    (least, v) => (least === undefined || v.number < least.number ? v : least),
    undefined,
  );
}
