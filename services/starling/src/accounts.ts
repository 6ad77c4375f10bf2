import { type Bus, call, RpcError } from '@starling/bus';
import { accounts, partitionOf, retention, type ScramKeys, streamOf } from '@starling/contracts';
import type { BareJid } from '@starling/jid';

const CALL_TIMEOUT_MS = 10_000;

/** The accounts of one domain, over whichever way. Users are bare JIDs, prepared. Everything throws AccountError. */
export interface Accounts {
  create(user: string, keys: readonly ScramKeys[]): Promise<void>;
  setKeys(user: string, keys: readonly ScramKeys[]): Promise<void>;
  remove(user: string): Promise<void>;
  /** How long its messages are kept: 0 = for ever, undefined = as all others. */
  setRetention(user: string, retentionMs: number | undefined): Promise<void>;
  /** In the order of the bare JIDs, behind `after`; bounded. */
  list(after: string): Promise<{ readonly users: readonly string[]; readonly complete: boolean }>;
}

/** What the roster service answered: a condition of RFC 6120 §8.3.3. */
export class AccountError extends Error {
  override readonly name = 'AccountError';
  readonly condition: string;
  constructor(condition: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.condition = condition;
  }
}

/** How many accounts are asked for at once. */
const PAGE_MAX = 1_000;

/** The accounts as the services on this bus have them; their logs are on so many streams. */
export function accountsOnBus(bus: Bus, domain: string, streams: number): Accounts {
  const ask = async <T>(asked: Promise<T>): Promise<T> => {
    try {
      return await asked;
    } catch (cause) {
      // Policy: `call` throws nothing else.
      if (!(cause instanceof RpcError)) throw cause;
      throw new AccountError(cause.condition, cause.message, { cause });
    }
  };
  return {
    async create(user, keys) {
      await ask(call(bus, accounts.create, { user, keys }, CALL_TIMEOUT_MS));
    },
    async setKeys(user, keys) {
      await ask(call(bus, accounts.setKeys, { user, keys }, CALL_TIMEOUT_MS));
    },
    async remove(user) {
      await ask(call(bus, accounts.remove, { user }, CALL_TIMEOUT_MS));
    },
    async setRetention(user, retentionMs) {
      const stream = streamOf(partitionOf(user as BareJid), streams);
      await ask(call(bus, retention.set(stream), { user, retentionMs }, CALL_TIMEOUT_MS));
    },
    list: (after) => ask(call(bus, accounts.list, { domain, after, limit: PAGE_MAX }, CALL_TIMEOUT_MS)),
  };
}
