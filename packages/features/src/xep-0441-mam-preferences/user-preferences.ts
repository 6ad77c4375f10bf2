import type { ArchivePreferences } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { type Keeping, keepingOf } from './keeps-archived.ts';

interface Held {
  version: number;
  preferences: ArchivePreferences | undefined;
  /** Undefined: everything is archived. */
  keeping: Keeping | undefined;
  /** Sessions on this edge. */
  holders: number;
  loaded: boolean;
  loading: Promise<void> | undefined;
}

/** The archiving preferences of users who have sessions on this edge, as their logs tell. */
export class UserPreferences {
  readonly #load: (user: BareJid) => Promise<ArchivePreferences>;
  readonly #users = new Map<BareJid, Held>();

  constructor(load: (user: BareJid) => Promise<ArchivePreferences>) {
    this.#load = load;
  }

  /** Users whose preferences are kept. */
  get size(): number {
    return this.#users.size;
  }

  /**
   * Keeps a user's preferences; resolves when they are known, or cannot be now. release() is to follow. `known`: those that he is known to have
   * had, 'none' if he had set none; his log tells of what has changed since.
   */
  hold(user: BareJid, known?: ArchivePreferences | 'none'): Promise<void> | undefined {
    const held = this.#users.get(user) ?? newHeld();
    this.#users.set(user, held);
    held.holders++;
    if (known !== undefined && held.loading === undefined) {
      if (known !== 'none') learn(held, known);
      held.loaded = true;
    }
    if (held.loaded) return undefined;
    held.loading ??= this.#read(user, held);
    return held.loading;
  }

  release(user: BareJid): void {
    const held = this.#users.get(user);
    if (held !== undefined && --held.holders === 0) this.#users.delete(user);
  }

  /** What is known of the user's preferences; undefined when nothing is. */
  find(user: BareJid): ArchivePreferences | 'none' | undefined {
    const held = this.#users.get(user);
    return held?.loaded ? (held.preferences ?? 'none') : undefined;
  }

  /** Undefined: everything is archived, as far as is known. */
  keepingOf(user: BareJid): Keeping | undefined {
    return this.#users.get(user)?.keeping;
  }

  /** The user's log says so, in its turn. */
  entry(user: BareJid, preferences: ArchivePreferences): void {
    const held = this.#users.get(user);
    if (held !== undefined) learn(held, preferences);
  }

  async #read(user: BareJid, held: Held): Promise<void> {
    try {
      learn(held, await this.#load(user));
      held.loaded = true;
    } catch {
      // Policy: a login does not wait for it. Whoever has excluded something sees an id meanwhile that his archive does not know; the
      // next session asks again.
    } finally {
      held.loading = undefined;
    }
  }
}

const newHeld = (): Held => ({
  version: 0,
  preferences: undefined,
  keeping: undefined,
  holders: 0,
  loaded: false,
  loading: undefined,
});

function learn(held: Held, preferences: ArchivePreferences): void {
  if (preferences.version <= held.version) return;
  held.version = preferences.version;
  held.preferences = preferences;
  held.keeping = keepingOf(preferences);
}
