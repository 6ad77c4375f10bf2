/** What has bytes to write when the turn of the loop ends. */
export interface Flushable {
  flush(): void;
}

/**
 * Collects what was sent in one turn of the loop: one write per channel and turn, and one immediate for all channels of a listener.
 * An immediate runs after all sockets of the turn have been read, so that it also gathers what many deliveries sent to one client.
 */
export class Turn {
  #dirty: Flushable[] = [];

  /** Calls flush() once, at the end of this turn; the caller sees to it that a channel is not here twice. */
  add(channel: Flushable): void {
    this.#dirty.push(channel);
    if (this.#dirty.length === 1) setImmediate(this.#flushAll);
  }

  readonly #flushAll = (): void => {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const channel of dirty) channel.flush();
  };
}
