/** What a process enforces on the stream of a client (XEP-0478): the host's bounds, and those that features add while they are set up. */
export class StreamLimits {
  /** Of one first-level element. */
  readonly stanzaBytesMax: number;
  #idleMs: number | undefined;

  constructor(stanzaBytesMax: number) {
    this.stanzaBytesMax = stanzaBytesMax;
  }

  /** So long a client with a resource may be silent; undefined: for ever. Complete once all features are set up. */
  get idleMs(): number | undefined {
    return this.#idleMs;
  }

  /** A feature asks clients that are silent for so long for a sign of life, or closes them. The shortest time counts. */
  addIdle(idleMs: number): void {
    this.#idleMs = Math.min(idleMs, this.#idleMs ?? idleMs);
  }
}
