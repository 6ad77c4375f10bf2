/** A presence of one resource, as far as a view is concerned. */
export interface Shown {
  /** Full JID; the bare one of somebody who has no resource. */
  readonly from: string;
  /** Unix time in ms, made unique and rising for each full JID. */
  readonly stamp: number;
  readonly unavailable: boolean;
  /** Also when this very one has ended; of an unavailable one: whatever has been shown, or nothing. */
  readonly always: boolean;
}

/** How long it is remembered that somebody has gone, so that an older presence that comes late does not bring him back. */
const TOMBSTONE_MS = 60_000;
/** Tombstones that are kept before old ones are looked for. */
const TOMBSTONES_UNSEEN = 32;

/**
 * Whose presence one session has been shown as available, and which one (ADR 7). Presence may come twice, late, and by two ways:
 * each reaches the client once, and never an older one behind a newer one.
 */
export class PresenceView {
  /** Stamp of what was shown; negative when that was unavailable. */
  readonly #shown = new Map<string, number>();
  readonly #max: number;
  #tombstones = 0;
  #changes = 0;

  /** `max` bounds what is remembered; beyond it presence is shown and forgotten. */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#shown.size;
  }

  /** Rises with each change. */
  get changes(): number {
    return this.#changes;
  }

  /** Of a session that goes on: its client has been shown this before. */
  restore(from: string, stamp: number): void {
    if (this.#shown.size < this.#max) this.#shown.set(from, stamp);
    this.#changes++;
  }

  /** Whether the client is to get this presence; the view is then that of a client who has. */
  show({ from, stamp, unavailable, always }: Shown): boolean {
    const known = this.#shown.get(from);
    this.#changes++;
    return unavailable ? this.#end(from, stamp, known, always) : this.#begin(from, stamp, known, always);
  }

  /** As show, for a presence that is for this session alone: always is that its client has asked, and hears also what it has been shown. */
  showAsked(presence: Shown): boolean {
    return this.show(presence) || (presence.always && this.stampOf(presence.from) === presence.stamp);
  }

  /** Stamp of the available presence that was shown last of this full JID; undefined when it is not available in this view. */
  stampOf(from: string): number | undefined {
    const known = this.#shown.get(from);
    return known === undefined || known < 0 ? undefined : known;
  }

  /** Everybody who is available in this view, by full JID, with the stamp of what was shown. */
  *available(): IterableIterator<readonly [from: string, stamp: number]> {
    for (const entry of this.#shown) if (entry[1] > 0) yield entry;
  }

  /** The session is not available any more: what it was shown is void, save its own. */
  keepOnly(own: string): void {
    const stamp = this.#shown.get(own);
    this.#changes++;
    this.#shown.clear();
    this.#tombstones = 0;
    if (stamp !== undefined && stamp > 0) this.#shown.set(own, stamp);
  }

  #begin(from: string, stamp: number, known: number | undefined, always: boolean): boolean {
    if (known === undefined) {
      if (this.#shown.size < this.#max) this.#shown.set(from, stamp);
      return true;
    }
    const last = Math.abs(known);
    // Always: he has come back; who sees him there already need not be told.
    const isOld = stamp < last || (stamp === last && (known > 0 || !always));
    // What is still said behind that time is no latecomer: the end was wrong.
    if (isOld && (known > 0 || Date.now() - last < TOMBSTONE_MS)) return false;
    if (known < 0) this.#tombstones--;
    this.#shown.set(from, stamp);
    return true;
  }

  #end(from: string, stamp: number, known: number | undefined, always: boolean): boolean {
    const wasShown = known !== undefined && known > 0;
    if (wasShown && stamp < known && !always) return false;
    if (known === undefined || known > 0) this.#tombstones++;
    // Also of what was never shown: it may come yet, by another way. Behind the others, so that the oldest tombstones come first.
    this.#shown.delete(from);
    if (this.#shown.size < this.#max) this.#shown.set(from, -Math.max(stamp, Math.abs(known ?? 0)));
    else this.#tombstones--;
    if (this.#tombstones > TOMBSTONES_UNSEEN) this.#forget(stamp - TOMBSTONE_MS);
    return wasShown || always;
  }

  #forget(before: number): void {
    for (const [from, stamp] of this.#shown) {
      if (stamp > 0) continue;
      if (-stamp > before && this.#tombstones <= this.#max / 2) return;
      this.#shown.delete(from);
      this.#tombstones--;
    }
  }
}
