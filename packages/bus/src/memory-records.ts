import type { Records, StoredRecord } from './records.ts';
import { RecordConflictError, RecordsUnavailableError } from './records.ts';
import { requireWord } from './word.ts';

interface Kept extends StoredRecord {
  readonly changedAtMs: number;
}

/** Records within one process. */
export class MemoryRecords implements Records {
  /** The one that was changed longest ago first. */
  readonly #records = new Map<string, Kept>();
  readonly #valueBytesMax: number;
  readonly #bytesMax: number;
  readonly #ageMaxMs: number;
  #bytes = 0;
  #lastRevision = 0;
  #closed = false;

  /**
   * @param valueBytesMax what one record holds
   * @param forgets when the oldest records go: for want of room, or because of their age
   */
  constructor(valueBytesMax: number, forgets: { readonly bytesMax?: number; readonly ageMaxMs?: number } = {}) {
    this.#valueBytesMax = valueBytesMax;
    this.#bytesMax = forgets.bytesMax ?? Number.POSITIVE_INFINITY;
    this.#ageMaxMs = forgets.ageMaxMs ?? Number.POSITIVE_INFINITY;
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    this.#refuseClosed();
    requireWord(key);
    this.#forget();
    const kept = this.#records.get(key);
    return kept && { value: kept.value, revision: kept.revision };
  }

  async put(key: string, value: Uint8Array, expectedRevision: number): Promise<number> {
    this.#refuseClosed();
    requireWord(key);
    if (value.length > this.#valueBytesMax) throw new RangeError(`${value.length} bytes do not fit in a record`);
    this.#forget();
    this.#expect(key, expectedRevision);
    const revision = ++this.#lastRevision;
    this.#delete(key);
    this.#records.set(key, { value: Uint8Array.from(value), revision, changedAtMs: performance.now() });
    this.#bytes += sizeOf(key, value);
    this.#forget();
    return revision;
  }

  async keys(filter: `${string}.*`): Promise<readonly string[]> {
    this.#refuseClosed();
    this.#forget();
    const start = filter.slice(0, -1);
    return [...this.#records.keys()].filter((key) => key.startsWith(start) && !key.includes('.', start.length));
  }

  async remove(key: string, expectedRevision: number): Promise<void> {
    this.#refuseClosed();
    requireWord(key);
    this.#forget();
    if (!this.#records.has(key)) throw new RecordConflictError(`${key} does not exist`);
    this.#expect(key, expectedRevision);
    this.#delete(key);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #delete(key: string): void {
    const kept = this.#records.get(key);
    if (kept === undefined) return;
    this.#records.delete(key);
    this.#bytes -= sizeOf(key, kept.value);
  }

  #forget(): void {
    const oldestMs = performance.now() - this.#ageMaxMs;
    for (const [key, { changedAtMs }] of this.#records) {
      if (this.#bytes <= this.#bytesMax && changedAtMs >= oldestMs) break;
      this.#delete(key);
    }
  }

  #expect(key: string, expectedRevision: number): void {
    const revision = this.#records.get(key)?.revision ?? 0;
    if (revision !== expectedRevision)
      throw new RecordConflictError(`${key} is at revision ${revision}, not ${expectedRevision}`);
  }

  #refuseClosed(): void {
    if (this.#closed) throw new RecordsUnavailableError('the records were closed');
  }
}

const sizeOf = (key: string, value: Uint8Array): number => key.length + value.length;
