import type { Records, StoredRecord } from './records.ts';
import { RecordConflictError, RecordsUnavailableError } from './records.ts';

/** Records within one process. */
export class MemoryRecords implements Records {
  readonly #records = new Map<string, StoredRecord>();
  readonly #valueBytesMax: number;
  #lastRevision = 0;
  #closed = false;

  /** @param valueBytesMax what one record holds */
  constructor(valueBytesMax: number) {
    this.#valueBytesMax = valueBytesMax;
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    this.#refuseClosed();
    return this.#records.get(key);
  }

  async put(key: string, value: Uint8Array, expectedRevision: number): Promise<number> {
    this.#refuseClosed();
    if (value.length > this.#valueBytesMax) throw new RangeError(`${value.length} bytes do not fit in a record`);
    this.#expect(key, expectedRevision);
    const revision = ++this.#lastRevision;
    this.#records.set(key, { value: Uint8Array.from(value), revision });
    return revision;
  }

  async remove(key: string, expectedRevision: number): Promise<void> {
    this.#refuseClosed();
    if (!this.#records.has(key)) throw new RecordConflictError(`${key} does not exist`);
    this.#expect(key, expectedRevision);
    this.#records.delete(key);
  }

  async close(): Promise<void> {
    this.#closed = true;
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
