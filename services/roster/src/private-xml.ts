import { RpcError } from '@starling/bus';
import type { PrivateXml } from '@starling/contracts';
import type { Db } from '@starling/db';
import { lockAccount } from './sql/lock-account.ts';
import { measurePrivateXml, selectPrivateXml, upsertPrivateXml } from './sql/private-xml.ts';

/** What clients keep for themselves (XEP-0049): one element a name and namespace. */
export class PrivateXmlStore {
  readonly #db: Db;
  readonly #bytesMax: number;
  readonly #elementsMax: number;

  constructor(options: { db: Db; bytesMax: number; elementsMax: number }) {
    this.#db = options.db;
    this.#bytesMax = options.bytesMax;
    this.#elementsMax = options.elementsMax;
  }

  /** Empty when there is none. */
  async get(user: string, ns: string, name: string): Promise<Uint8Array> {
    return (await selectPrivateXml(this.#db, user, ns, name)) ?? new Uint8Array(0);
  }

  /** All or none. @throws RpcError item-not-found, bad-request, policy-violation */
  async set(user: string, elements: readonly PrivateXml[]): Promise<void> {
    const names = new Set(elements.map(({ ns, name }) => JSON.stringify([ns, name])));
    if (names.size < elements.length) throw new RpcError('bad-request', 'two elements of one name');
    await this.#db.transaction(async (tx) => {
      if (!(await lockAccount(tx, user))) throw new RpcError('item-not-found');
      await upsertPrivateXml(tx, user, elements);
      const { count, bytes } = await measurePrivateXml(tx, user);
      if (count > this.#elementsMax || bytes > this.#bytesMax) throw new RpcError('policy-violation', 'too much');
    });
  }
}
