import type { Emission } from '@starling/contracts';

/**
 * Presence that waits to be sent, in order. A newer one of the same resource to the same addressees takes the place of the older, and
 * goes behind what was added meanwhile: nothing older of it may arrive behind it.
 */
export class EmissionList {
  #list: (Emission | undefined)[] = [];
  /** Place of the last one of each sender, and of each one the place of the one before. */
  readonly #last = new Map<string, number>();
  #before: number[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** False: it has replaced another one. */
  push(emission: Emission): boolean {
    const { from } = emission;
    const last = this.#last.get(from) ?? -1;
    let added = emission;
    let isNew = true;
    for (let at = last; at >= 0; at = this.#before[at] ?? -1) {
      const older = this.#list[at];
      if (older === undefined || older.toSeen !== emission.toSeen || !isSame(older.to, emission.to)) continue;
      this.#list[at] = undefined;
      if (older.always && !emission.always) added = { ...emission, always: true };
      isNew = false;
      break;
    }
    this.#last.set(from, this.#list.length);
    this.#before.push(last);
    this.#list.push(added);
    if (isNew) this.#length++;
    return isNew;
  }

  /** All of them; the list is empty afterwards. */
  take(): readonly Emission[] {
    const taken = this.#length === this.#list.length ? this.#list : this.#list.filter((e) => e !== undefined);
    this.#list = [];
    this.#before = [];
    this.#last.clear();
    this.#length = 0;
    return taken as readonly Emission[];
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
