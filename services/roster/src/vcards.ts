import { RpcError } from '@starling/bus';
import type { Db } from '@starling/db';
import { askersOf } from './askers.ts';
import { selectVcard, upsertVcard } from './sql/vcards.ts';

/** The vCards of accounts (XEP-0054): everybody may read them (§5), save who is blocked. */
export class Vcards {
  readonly #db: Db;
  readonly #bytesMax: number;

  constructor(options: { db: Db; bytesMax: number }) {
    this.#db = options.db;
    this.#bytesMax = options.bytesMax;
  }

  /** Empty when there is none for this asker. */
  async get(user: string, asker: string): Promise<Uint8Array> {
    return (await selectVcard(this.#db, user, askersOf(user, asker))) ?? new Uint8Array(0);
  }

  /** @throws RpcError item-not-found, policy-violation */
  async set(user: string, xml: Uint8Array): Promise<void> {
    if (xml.length > this.#bytesMax) throw new RpcError('policy-violation', 'the vCard is too large');
    if (!(await upsertVcard(this.#db, user, xml))) throw new RpcError('item-not-found');
  }
}
