import { type Bus, RpcError } from '@starling/bus';
import { type BlockList, encodeBlockList, encodeRosterNotice, KIND, SUBSCRIPTION, subjects } from '@starling/contracts';
import type { Db } from '@starling/db';
import { tryParseJid } from '@starling/jid';
import type { AccountCopies } from './account-copies.ts';
import type { BatchedReads } from './batched-reads.ts';
import { type BlockChange, changeBlocks } from './change-blocks.ts';
import { blocksOf } from './copy-views.ts';
import type { Notices } from './notices.ts';
import { selectBlocks, upsertBlocks } from './sql/block-list.ts';
import { accountsChanged } from './sql/copies-due.ts';
import { insertNotice, nextNoticeId } from './sql/insert-notice.ts';
import { lockAccount } from './sql/lock-account.ts';
import type { StoredWishes } from './sql/select-wishes.ts';

const NEVER_CHANGED: BlockList = { version: 0, jids: [], cleared: false };

/** Whom users have blocked (XEP-0191). Every change is an entry of the user's log, where edges and the archive learn it in order. */
export class Blocks {
  readonly #db: Db;
  readonly #bus: Bus;
  readonly #notices: Notices;
  readonly #copies: AccountCopies;
  readonly #wishes: BatchedReads<StoredWishes>;
  readonly #max: number;
  readonly #bytesMax: number;

  constructor(options: {
    db: Db;
    bus: Bus;
    notices: Notices;
    copies: AccountCopies;
    wishes: BatchedReads<StoredWishes>;
    max: number;
    bytesMax: number;
  }) {
    this.#db = options.db;
    this.#bus = options.bus;
    this.#notices = options.notices;
    this.#copies = options.copies;
    this.#wishes = options.wishes;
    this.#max = options.max;
    this.#bytesMax = options.bytesMax;
  }

  /** @throws RpcError item-not-found: who has authenticated before his account was removed gets no session by it */
  list(user: string): Promise<BlockList> {
    return this.#copies.orCopy<BlockList>(
      user,
      async () => {
        const wishes = await this.#wishes.read(user);
        if (wishes === undefined) throw new RpcError('item-not-found');
        return { ...wishes.blocks, cleared: false };
      },
      (copy) => {
        if (copy === undefined) throw new RpcError('item-not-found');
        return blocksOf(copy);
      },
    );
  }

  /**
   * Row and notice are committed together, then the notice is appended (see Notices). What changes nothing makes no entry, but
   * finishes what an attempt before it left.
   * @throws RpcError item-not-found, jid-malformed, policy-violation
   */
  async change(user: string, change: BlockChange): Promise<BlockList> {
    checkJids([...change.block, ...change.unblock]);
    const list = await this.#commit(user, change);
    await this.#copies.changedAndTold(user, async () => {
      await this.#notices.publish(user);
      this.#tellPresence(user);
    });
    return list;
  }

  #commit(user: string, change: BlockChange): Promise<BlockList> {
    return this.#db.transaction(async (tx) => {
      // The row's lock puts changes of one user in an order, and their notices with them.
      if (!(await lockAccount(tx, user))) throw new RpcError('item-not-found');
      const before = await selectBlocks(tx, user);
      const jids = changeBlocks(before?.jids ?? [], change);
      if (before === undefined ? jids.length === 0 : jids === before.jids)
        return before === undefined ? NEVER_CHANGED : { ...before, cleared: change.unblockAll };
      this.#checkSize(jids);
      const id = await nextNoticeId(tx);
      const list: BlockList = { version: Number(id), jids, cleared: change.unblockAll };
      await upsertBlocks(tx, user, list);
      await accountsChanged(tx, [user]);
      await insertNotice(tx, user, KIND.blocksChanged, { id, payload: encodeBlockList(list) });
      return list;
    });
  }

  #checkSize(jids: readonly string[]): void {
    const bytes = jids.reduce((sum, jid) => sum + Buffer.byteLength(jid), 0);
    if (jids.length > this.#max || bytes > this.#bytesMax)
      throw new RpcError('policy-violation', 'the block list is full');
  }

  /** §3.3, §3.4: whoever was blocked sees the user go, whoever was unblocked sees him as he is. */
  #tellPresence(user: string): void {
    const notice = {
      user,
      version: { lineage: '', number: 0 },
      contact: '',
      subscription: SUBSCRIPTION.none,
      requested: false,
      blocks: true,
      deleted: false,
    };
    this.#bus.publish(subjects.rosterChanges, encodeRosterNotice(notice));
  }
}

function checkJids(jids: readonly string[]): void {
  for (const jid of jids) if (tryParseJid(jid) !== jid) throw new RpcError('jid-malformed', 'a prepared JID is needed');
}
