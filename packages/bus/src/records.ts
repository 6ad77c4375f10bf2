/** A document and which of its versions it is. */
export interface StoredRecord {
  readonly value: Uint8Array;
  /** Rises with each change of this key; never 0. */
  readonly revision: number;
}

/**
 * Small documents, one a key, changed by compare-and-set. A key is a subject of packages/contracts that the stream of records captures.
 * All methods reject with RecordsUnavailableError when nobody answered in time; a change may then have been made or not. A key that cannot be
 * one is refused by a TypeError.
 */
export interface Records {
  /** Undefined when there is none. May be an older version for a moment: a change that is based on it conflicts. */
  get(key: string): Promise<StoredRecord | undefined>;
  /**
   * @param expectedRevision of the version that is replaced; 0 = there must be none
   * @returns the revision of the new version
   * @throws RecordConflictError, RangeError for more than a record holds
   */
  put(key: string, value: Uint8Array, expectedRevision: number): Promise<number>;
  /**
   * Keys that there are, in no order.
   * @param filter their beginning, with a `*` for the last part: `sm.7.*`
   */
  keys(filter: `${string}.*`): Promise<readonly string[]>;
  /** @throws RecordConflictError when the newest version is another one, or there is none */
  remove(key: string, expectedRevision: number): Promise<void>;
  close(): Promise<void>;
}

/** Somebody else has changed the record meanwhile: read it again. */
export class RecordConflictError extends Error {
  override readonly name = 'RecordConflictError';
}
export class RecordsUnavailableError extends Error {
  override readonly name = 'RecordsUnavailableError';
}
