import type { Emission } from '@starling/contracts';

/** What became of an emission: it stands behind the others, has replaced an older one, or goes with the last of its sender. */
export type Pushed = 'added' | 'replaced' | 'joined';

/**
 * Presence that waits to be sent, in order. A newer one of the same resource to the same addressees takes the place of the older, and
 * goes behind what was added meanwhile: nothing older of it may arrive behind it. Answers to probes, which are the same for many, go as one.
 */
export class EmissionList {
  #list: (Emission | undefined)[] = [];
  /** Place of the last one of each sender, and of each one the place of the one before. */
  readonly #last = new Map<string, number>();
  #before: number[] = [];
  /** Addressees of those that others have joined: lists of our own, by place. */
  readonly #joined = new Map<number, string[]>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(emission: Emission): Pushed {
    const { from } = emission;
    const last = this.#last.get(from) ?? -1;
    if (last >= 0 && this.#join(last, emission)) return 'joined';
    let added = emission;
    let pushed: Pushed = 'added';
    for (let at = last; at >= 0; at = this.#before[at] ?? -1) {
      const older = this.#list[at];
      if (older === undefined || older.toSeen !== emission.toSeen || !isSame(older.to, emission.to)) continue;
      this.#list[at] = undefined;
      if (older.always && !emission.always) added = { ...emission, always: true };
      pushed = 'replaced';
      break;
    }
    this.#last.set(from, this.#list.length);
    this.#before.push(last);
    this.#list.push(added);
    if (pushed === 'added') this.#length++;
    return pushed;
  }

  /** Whether it is the same presence as the one at this place, and both are for resources: sent once then, to those of both. */
  #join(place: number, emission: Emission): boolean {
    const older = this.#list[place];
    if (older === undefined || !isSamePresence(older, emission) || !isForResources(older) || !isForResources(emission))
      return false;
    let to = this.#joined.get(place);
    if (to === undefined) {
      to = [...older.to];
      this.#joined.set(place, to);
      this.#list[place] = { ...older, to };
    }
    to.push(...emission.to);
    return true;
  }

  /** All of them; the list is empty afterwards. */
  take(): readonly Emission[] {
    const taken = this.#length === this.#list.length ? this.#list : this.#list.filter((e) => e !== undefined);
    this.#list = [];
    this.#before = [];
    this.#last.clear();
    this.#joined.clear();
    this.#length = 0;
    return taken as readonly Emission[];
  }
}

/** What somebody wants in any case (`always`) he gets by itself. */
const isSamePresence = (a: Emission, b: Emission): boolean =>
  a.stamp === b.stamp &&
  a.presence === b.presence &&
  a.unavailable === b.unavailable &&
  !(a.toSeen || b.toSeen || a.always || b.always);

/** What is broadcast is for bare JIDs, and keeps its addressees: a newer one has to find it by them. */
const isForResources = ({ to: [first = ''] }: Emission): boolean => first.includes('/');

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
