import type { Bus, Records } from '@starling/bus';
import { groups } from '@starling/contracts';
import { joinGroup, type Membership, OwnerMap, type OwnersConfig } from '@starling/owners';
import type { Logger, MetricsRegistry } from '@starling/runtime';

export interface OwnershipOptions {
  readonly bus: Bus;
  readonly records: Records;
  /** Unique among archives. */
  readonly id: string;
  readonly streams: number;
  readonly config: OwnersConfig;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** The streams that this process archives now. */
  readonly onChange: (streams: ReadonlySet<number>) => Promise<void>;
}

/**
 * Which streams this process archives: its fair share of them among the members of the group. Who takes one over starts from the watermark,
 * and the watermark decides between two who both believe they have it, so a late one does no harm. That is why a member that is lost
 * (cut off, stopped) keeps its streams until it learns who has them: nobody may be there to take them.
 */
export class Ownership {
  readonly #options: OwnershipOptions;
  readonly #membership: Membership;
  readonly #stopListening: () => void;
  #changing: Promise<void> = Promise.resolve();
  #isStopped = false;

  private constructor(options: OwnershipOptions, membership: Membership) {
    this.#options = options;
    this.#membership = membership;
    this.#stopListening = membership.onChange(() => void this.#apply());
  }

  /** Resolves when this process has its streams. @throws RecordsUnavailableError, ConfigError */
  static async start(options: OwnershipOptions): Promise<Ownership> {
    const ownership = new Ownership(options, await joinGroup({ ...options, group: groups.archive }));
    await ownership.#apply();
    return ownership;
  }

  /** Gives the streams up, then lets the others know: who takes them over must find everything written. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopListening();
    await this.#changing;
    await this.#options.onChange(new Set());
    await this.#membership.close();
  }

  /** One change after the other, each to what is so when its turn comes. */
  #apply(): Promise<void> {
    this.#changing = this.#changing.then(async () => {
      if (this.#isStopped) return;
      const { streams, id, onChange } = this.#options;
      await onChange(new Set(OwnerMap.fair(streams, this.#membership.members).ownedBy(id)));
    });
    return this.#changing;
  }
}
