import { crc32 } from 'node:zlib';
import type { BareJid } from '@starling/jid';
import { PARTITIONS } from './limits.ts';

/** The partition of a bare JID: the low 8 bits of the CRC-32 of its UTF-8 form. Fixed for ever. */
export function partitionOf(user: BareJid): number {
  return crc32(user) & (PARTITIONS - 1);
}

/** The stream that holds a partition's logs. `streams` is chosen when a cluster is first started. */
export function streamOf(partition: number, streams: number): number {
  return partition % streams;
}
