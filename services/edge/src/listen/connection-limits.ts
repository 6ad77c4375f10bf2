import { isLoopback, networkOf } from './peer.ts';

/**
 * Which bound was reached, the label of a metric. send_buffer: a channel closed itself, as its peer does not read; accept: the kernel could not give us a
 * connection, for want of descriptors or memory; proxy_header: a proxy did not say, or not in time, whose connection it hands on.
 */
export type LimitName = 'connections' | 'connections_per_address' | 'send_buffer' | 'accept' | 'proxy_header';

export interface ConnectionLimitOptions {
  /** Open connections of this edge, all transports together. */
  readonly connectionsMax: number;
  /** Open connections from one address (IPv6: one /64). Loopback is spared unless `limitLoopback`. */
  readonly connectionsPerAddressMax: number;
  readonly limitLoopback?: boolean;
  /** Called each time a bound is hit, to be counted. */
  readonly onLimit?: (limit: LimitName) => void;
}

/** Counts open connections. One for all listeners of an edge. */
export class ConnectionLimits {
  readonly #options: ConnectionLimitOptions;
  readonly #perNetwork = new Map<string, number>();
  #open = 0;

  constructor(options: ConnectionLimitOptions) {
    this.#options = options;
  }

  get open(): number {
    return this.#open;
  }

  get connectionsMax(): number {
    return this.#options.connectionsMax;
  }

  /** Takes a place for a connection from this plain address. False: there is none. Each true is given back by leave(). */
  enter(address: string): boolean {
    const { connectionsMax, connectionsPerAddressMax } = this.#options;
    if (this.#open >= connectionsMax) return this.#refuse('connections');
    if (this.#counts(address)) {
      const network = networkOf(address);
      const used = this.#perNetwork.get(network) ?? 0;
      if (used >= connectionsPerAddressMax) return this.#refuse('connections_per_address');
      this.#perNetwork.set(network, used + 1);
    }
    this.#open++;
    return true;
  }

  leave(address: string): void {
    this.#open--;
    if (!this.#counts(address)) return;
    const network = networkOf(address);
    const used = this.#perNetwork.get(network) ?? 0;
    if (used > 1) this.#perNetwork.set(network, used - 1);
    else this.#perNetwork.delete(network);
  }

  /** A bound was reached: counts it. */
  hit(limit: LimitName): void {
    this.#options.onLimit?.(limit);
  }

  #counts(address: string): boolean {
    return this.#options.limitLoopback === true || !isLoopback(address);
  }

  #refuse(limit: LimitName): false {
    this.hit(limit);
    return false;
  }
}
