import { crc32 } from 'node:zlib';
import type { SessionEvent } from './presence.ts';

const HASH_RANGE = 2 ** 32;

/** What of a session both ends have to see alike. */
export type HashedSession = Pick<
  SessionEvent,
  'session' | 'state' | 'priority' | 'boundAt' | 'stamp' | 'carbons' | 'windowMs' | 'epoch'
>;

/** One session's part of PartitionDigest.hash: both ends must see the same of it. */
export function sessionHash(hashed: HashedSession): number {
  const { session, state, priority, boundAt, stamp, carbons, windowMs, epoch } = hashed;
  return crc32(`${session} ${state} ${priority} ${boundAt} ${stamp} ${carbons} ${windowMs} ${epoch}`);
}

/** Order does not matter, and a part can be taken out again. */
export const addHash = (sum: number, part: number): number => (sum + part) % HASH_RANGE;
export const subtractHash = (sum: number, part: number): number => (sum - part + HASH_RANGE) % HASH_RANGE;
