import type { GroupMember } from '@starling/contracts';

/**
 * Who has been silent for how long. Whoever could not listen himself (just begun, paused, cut off) has to listen for the whole time
 * before he calls anybody dead.
 */
export class Silence {
  readonly #deadMs: number;
  /** By incarnation. */
  readonly #heardAtMs = new Map<string, number>();
  #listeningSinceMs: number;

  constructor(deadMs: number, nowMs: number) {
    this.#deadMs = deadMs;
    this.#listeningSinceMs = nowMs;
  }

  /** What was missed before says nothing. */
  listenAnew(nowMs: number): void {
    this.#listeningSinceMs = nowMs;
  }

  /** Whom to listen for: who is new gets the whole time, who is gone is forgotten. */
  expect(members: readonly GroupMember[], nowMs: number): void {
    const known = new Set(members.map(({ incarnation }) => incarnation));
    for (const incarnation of this.#heardAtMs.keys()) if (!known.has(incarnation)) this.#heardAtMs.delete(incarnation);
    for (const incarnation of known) if (!this.#heardAtMs.has(incarnation)) this.#heardAtMs.set(incarnation, nowMs);
  }

  heard(incarnation: string, nowMs: number): void {
    if (this.#heardAtMs.has(incarnation)) this.#heardAtMs.set(incarnation, nowMs);
  }

  isDead(incarnation: string, nowMs: number): boolean {
    const heardAtMs = this.#heardAtMs.get(incarnation);
    if (heardAtMs === undefined) return false;
    return nowMs - Math.max(heardAtMs, this.#listeningSinceMs) > this.#deadMs;
  }
}
