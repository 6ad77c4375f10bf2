import type { BoundCounter } from '@starling/runtime';
import type { RosterMetrics } from './metrics.ts';
import type { StoredItem, StoredRoster } from './sql/select-rosters.ts';

interface Entry {
  readonly roster: StoredRoster;
  readonly bytes: number;
  readonly loadedAtMs: number;
}

/** What an entry and an item take beside their texts, about. */
const ENTRY_BYTES = 400;
const ITEM_BYTES = 250;

/** Reads a roster; undefined when there is no such account. */
export type LoadRoster = (user: string) => Promise<StoredRoster | undefined>;

/**
 * Rosters that were read lately. Whoever hears that one has changed calls drop(); what was being read meanwhile is answered, since it
 * was asked before, but not kept.
 */
export class RosterCache {
  readonly #load: LoadRoster;
  readonly #bytesMax: number;
  readonly #keepMs: number;
  readonly #metrics: RosterMetrics;
  readonly #hits: BoundCounter;
  readonly #misses: BoundCounter;
  /** The one that was used longest ago first. */
  readonly #entries = new Map<string, Entry>();
  readonly #loading = new Map<string, Promise<StoredRoster | undefined>>();
  #bytes = 0;

  constructor(load: LoadRoster, options: { bytesMax: number; keepMs: number; metrics: RosterMetrics }) {
    this.#load = load;
    this.#bytesMax = options.bytesMax;
    this.#keepMs = options.keepMs;
    this.#metrics = options.metrics;
    this.#hits = options.metrics.cacheReads.with({ outcome: 'hit' });
    this.#misses = options.metrics.cacheReads.with({ outcome: 'miss' });
  }

  /** A Promise comes back only when the roster has to be read. */
  get(user: string): StoredRoster | Promise<StoredRoster | undefined> {
    const entry = this.#entries.get(user);
    if (entry !== undefined && performance.now() - entry.loadedAtMs < this.#keepMs) {
      this.#hits.inc();
      this.#entries.delete(user);
      this.#entries.set(user, entry);
      return entry.roster;
    }
    this.#misses.inc();
    return this.#loading.get(user) ?? this.#read(user);
  }

  /** The roster is another one now. */
  drop(user: string): void {
    this.#loading.delete(user);
    const entry = this.#entries.get(user);
    if (entry === undefined) return;
    this.#entries.delete(user);
    this.#count(-entry.bytes);
  }

  /** Any roster may be another one now. */
  clear(): void {
    this.#loading.clear();
    this.#entries.clear();
    this.#count(-this.#bytes);
  }

  #read(user: string): Promise<StoredRoster | undefined> {
    const loading = this.#load(user).then(
      (roster) => {
        if (this.#loading.get(user) === loading) {
          this.#loading.delete(user);
          if (roster !== undefined) this.#keep(user, roster);
        }
        return roster;
      },
      (error: unknown) => {
        if (this.#loading.get(user) === loading) this.#loading.delete(user);
        throw error;
      },
    );
    this.#loading.set(user, loading);
    return loading;
  }

  #keep(user: string, roster: StoredRoster): void {
    this.drop(user);
    const bytes = ENTRY_BYTES + roster.items.reduce((sum, item) => sum + bytesOf(item), 0);
    if (bytes > this.#bytesMax) return;
    this.#entries.set(user, { roster, bytes, loadedAtMs: performance.now() });
    this.#count(bytes);
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#entries.delete(oldest);
      this.#count(-entry.bytes);
    }
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#metrics.cacheBytes.set(this.#bytes);
  }
}

// Two bytes a character: what JavaScript takes as soon as one of them is Chinese.
const bytesOf = ({ jid, name, groups }: StoredItem): number =>
  ITEM_BYTES + 2 * groups.reduce((sum, group) => sum + group.length, jid.length + name.length);
