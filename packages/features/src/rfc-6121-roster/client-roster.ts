import type { RosterItem, RosterReply, RosterVersion } from '@starling/contracts';

/** An item to push, with the version that it makes; undefined: the client has all of a version only with a later one. */
export interface Push {
  readonly version: RosterVersion | undefined;
  readonly item: RosterItem;
}

/**
 * Which version of the roster one client has, and so what it gets next: each change once and in the order of the versions
 * (RFC 6121 §2.6.3), however they come in.
 */
export class ClientRoster {
  /** Changes that came before their turn and are kept; of more the difference is fetched. */
  readonly #earlyMax: number;
  /** Undefined while the client waits for the answer that will say it. */
  #has: RosterVersion | undefined;
  /** What it had before it asked. */
  #had: RosterVersion | undefined;
  /** The newest that is known to exist. */
  #newest: RosterVersion | undefined;
  /** By their numbers, all of the lineage of #newest. */
  readonly #early = new Map<number, RosterItem>();

  /** @param has of a client that has had the roster before */
  constructor(earlyMax: number, has?: RosterVersion) {
    this.#earlyMax = earlyMax;
    this.#has = has;
  }

  /** What the client has; undefined while it is being asked for. */
  get version(): RosterVersion | undefined {
    return this.#has;
  }

  /** Whether there is something that the client has not got, and that did not come by itself. */
  get isBehind(): boolean {
    if (this.#has === undefined || this.#newest === undefined) return false;
    return this.#newest.lineage !== this.#has.lineage || this.#newest.number > this.#has.number;
  }

  /** The client asks for the roster: nothing is pushed until answered(), which also tells of an answer that was an error. */
  ask(): void {
    this.#had = this.#has;
    this.#has = undefined;
  }

  /** The client has got this version with the answer; undefined: it has what it had. What may be pushed behind it. */
  answered(version: RosterVersion | undefined): readonly Push[] {
    this.#has = version ?? this.#had;
    return this.#release();
  }

  /** A change as it came in. What may be pushed now. */
  offer(version: RosterVersion, item: RosterItem): readonly Push[] {
    if (this.#newest?.lineage !== version.lineage) {
      this.#early.clear();
      this.#newest = version;
    } else if (version.number > this.#newest.number) this.#newest = version;
    const isKnown = this.#has?.lineage === version.lineage && version.number <= this.#has.number;
    if (isKnown) return [];
    if (this.#early.size < this.#earlyMax) this.#early.set(version.number, item);
    return this.#release();
  }

  /** What the service says of a client that has a version it was asked about, or a later one. What has to be pushed. */
  catchUp({ version, difference, items, numbers }: RosterReply): readonly Push[] {
    const has = this.#has;
    if (has === undefined || (has.lineage === version.lineage && has.number >= version.number)) return [];
    this.#has = version;
    if (this.#newest?.lineage !== version.lineage) this.#newest = version;
    const { lineage } = version;
    const missing =
      difference && lineage === has.lineage
        ? items.flatMap((item, i) => {
            const number = numbers[i] ?? 0;
            return number > has.number ? [{ version: { lineage, number }, item }] : [];
          })
        : items.map((item, i) => ({ version: i === items.length - 1 ? version : undefined, item }));
    return [...missing, ...this.#release()];
  }

  /** Takes what is next in turn from what came early. */
  #release(): readonly Push[] {
    if (this.#has === undefined || this.#newest?.lineage !== this.#has.lineage) return [];
    const { lineage } = this.#has;
    let { number } = this.#has;
    const next: Push[] = [];
    for (let item = this.#early.get(number + 1); item !== undefined; item = this.#early.get(number + 1)) {
      number++;
      next.push({ version: { lineage, number }, item });
    }
    this.#has = { lineage, number };
    for (const early of [...this.#early.keys()]) if (early <= number) this.#early.delete(early);
    return next;
  }
}
