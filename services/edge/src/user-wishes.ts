import type { Bus } from '@starling/bus';
import { type ArchivePreferences, type BlockList, blocks, preferences } from '@starling/contracts';
import type { Wishes } from '@starling/feature-api';
import type { BareJid } from '@starling/jid';
import { askService } from './ask-service.ts';

/** Asks the roster service. Each session needs both when it is bound: they come by one message. */
export class UserWishes implements Wishes {
  readonly #bus: Bus;
  readonly #timeoutMs: number;
  /** Until the end of the microtask: whoever asks later may know of a change that the answer does not have. */
  readonly #asking = new Map<BareJid, Promise<BlockList>>();

  constructor(bus: Bus, timeoutMs: number) {
    this.#bus = bus;
    this.#timeoutMs = timeoutMs;
  }

  blocks(user: BareJid): Promise<BlockList> {
    return this.#asking.get(user) ?? this.#ask(user);
  }

  async preferences(user: BareJid): Promise<ArchivePreferences> {
    const { preferences: own } = await this.blocks(user);
    // A service of an older release has not heard the second half of the question.
    return own ?? askService(this.#bus, preferences.get, { user }, this.#timeoutMs);
  }

  #ask(user: BareJid): Promise<BlockList> {
    const asking = askService(this.#bus, blocks.list, { user, preferences: true }, this.#timeoutMs);
    this.#asking.set(user, asking);
    queueMicrotask(() => this.#asking.delete(user));
    return asking;
  }
}
