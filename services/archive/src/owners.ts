import type { Queryable } from '@starling/db';
import { selectOwners } from './sql/select-owners.ts';

/**
 * Which accounts exist, for the writer of one stream. Only he changes it, by what he writes, so what is remembered stays true for
 * as long as he owns the stream.
 */
export class Owners {
  readonly #known = new Map<string, boolean>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** Asks for those that are not remembered. */
  async load(db: Queryable, owners: ReadonlySet<string>): Promise<void> {
    const missing = [...owners].filter((owner) => !this.#known.has(owner));
    if (missing.length === 0) return;
    const found = await selectOwners(db, missing);
    if (this.#known.size + missing.length > this.#max) this.#known.clear();
    for (const owner of missing) this.#known.set(owner, found.has(owner));
  }

  readonly exists = (owner: string): boolean => this.#known.get(owner) ?? false;

  /** What a committed batch has changed. */
  changed(created: ReadonlyMap<string, unknown>, deleted: ReadonlyMap<string, unknown>): void {
    for (const owner of deleted.keys()) this.#known.set(owner, false);
    for (const owner of created.keys()) this.#known.set(owner, true);
  }
}
