import { RecordConflictError, type Records, RecordsUnavailableError } from '@starling/bus';
import { ACCOUNT_STATE, type AccountCopy, decodeAccountCopy, encodeAccountCopy, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { RosterMetrics } from './metrics.ts';

/** What is stored of an account, as far as this process has seen. */
interface Known {
  /** Of the account, in the copy. */
  readonly revision: number;
  readonly writtenAtMs: number;
  /** Of the record that has it. */
  readonly record: number;
}

/** Others who write the same record at the same time, or a replica that lags behind. */
const ATTEMPTS_MAX = 8;
const ATTEMPT_MS = 20;

/**
 * The copies of accounts in the store that all processes of the service share. A copy takes the place only of one of a lower revision,
 * whoever wrote that, and so a removed account never comes back. What a process remembers saves it writes, and answers nothing.
 */
export class CopyStore {
  readonly #records: Records;
  readonly #knownMax: number;
  readonly #refreshMs: number;
  readonly #metrics: RosterMetrics;
  /** The one that was used longest ago first. */
  readonly #known = new Map<string, Known>();

  constructor(records: Records, options: { knownMax: number; refreshMs: number; metrics: RosterMetrics }) {
    this.#records = records;
    this.#knownMax = options.knownMax;
    this.#refreshMs = options.refreshMs;
    this.#metrics = options.metrics;
  }

  /** Whether this revision is stored, and not so long ago that it might be forgotten there. */
  has(user: string, revision: number): boolean {
    const known = this.#known.get(user);
    return known !== undefined && isEnough(known, revision, this.#refreshMs);
  }

  /** Undefined when there is none. @throws RecordsUnavailableError */
  async get(user: string): Promise<AccountCopy | undefined> {
    const stored = await this.#read(user);
    return stored?.copy;
  }

  /** When this resolves, this copy is stored or a newer one. @throws RecordsUnavailableError */
  async put(copy: AccountCopy): Promise<void> {
    const { user, revision } = copy;
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const known = this.#known.get(user) ?? (await this.#read(user))?.known;
      if (known !== undefined && isEnough(known, revision, this.#refreshMs)) return;
      try {
        const record = await this.#write(copy, known?.record ?? 0);
        this.#remember(user, { revision, writtenAtMs: copy.writtenAtMs, record });
        this.#metrics.copiesWritten.inc();
        return;
      } catch (error) {
        // Policy: somebody was faster, or what is remembered here is gone: look, and judge again.
        if (!(error instanceof RecordConflictError)) throw error;
        this.#known.delete(user);
        if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, ATTEMPT_MS * attempt));
      }
    }
    throw new RecordsUnavailableError(`the copy of an account was changed ${ATTEMPTS_MAX} times meanwhile`);
  }

  /** The store may have lost what it had. */
  forgetAll(): void {
    this.#known.clear();
  }

  async #read(user: string): Promise<{ readonly copy: AccountCopy; readonly known: Known } | undefined> {
    const stored = await this.#records.get(keyOf(user));
    if (stored === undefined) return undefined;
    const copy = decodeAccountCopy(stored.value);
    // A hash stands for a name that is too long for a key.
    if (copy.user !== user) return undefined;
    const known = { revision: copy.revision, writtenAtMs: copy.writtenAtMs, record: stored.revision };
    this.#remember(user, known);
    return { copy, known };
  }

  async #write(copy: AccountCopy, expected: number): Promise<number> {
    const key = keyOf(copy.user);
    try {
      return await this.#records.put(key, encodeAccountCopy(copy), expected);
    } catch (error) {
      // Policy: without room for all of it there is none; but an older one must not stay.
      if (!(error instanceof RangeError)) throw error;
      this.#metrics.copiesTooLarge.inc();
      return this.#records.put(key, encodeAccountCopy(emptyCopy(copy, ACCOUNT_STATE.unknown)), expected);
    }
  }

  #remember(user: string, known: Known): void {
    this.#known.delete(user);
    this.#known.set(user, known);
    if (this.#known.size <= this.#knownMax) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
  }
}

/** A copy without anything in it. */
export const emptyCopy = (
  { user, revision }: Pick<AccountCopy, 'user' | 'revision'>,
  state: AccountCopy['state'],
): AccountCopy => ({
  ...{ user, revision, state, writtenAtMs: Date.now() },
  ...{ keys: [], pruned: 0, items: [], requests: [], blocksVersion: 0, blocked: [] },
});

const isEnough = (known: Known, revision: number, refreshMs: number): boolean =>
  known.revision > revision || (known.revision === revision && Date.now() - known.writtenAtMs < refreshMs);

const keyOf = (user: string): string => subjects.accountCopy(user as BareJid); // prepared when its account was made
