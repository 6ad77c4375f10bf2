/** As long as views remember who has gone (PresenceView). */
const GENERATION_MS = 60_000;
/** Beyond it the older ones are forgotten early. */
const ENTRIES_MAX = 100_000;

/**
 * The last stamps of resources that are gone: whoever binds one again must be later, whatever the clock of his edge says, or views
 * would take his presence for an old one.
 */
export class RecentStamps {
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #turnedAtMs = 0;

  put(jid: string, stamp: number, nowMs: number): void {
    if (nowMs - this.#turnedAtMs > GENERATION_MS || this.#young.size >= ENTRIES_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#turnedAtMs = nowMs;
    }
    this.#young.set(jid, Math.max(stamp, this.get(jid)));
  }

  /** 0 when nothing is known. */
  get(jid: string): number {
    return Math.max(this.#young.get(jid) ?? 0, this.#old.get(jid) ?? 0);
  }
}
