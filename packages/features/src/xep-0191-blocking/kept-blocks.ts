import type { KnownBlocks } from './block-lists.ts';

/** A block list as a session's record keeps it: its version, then a JID a line; undefined when there is none, or it is longer than that. */
export function writeBlocks(list: KnownBlocks | undefined, bytesMax: number): string | undefined {
  if (list === undefined) return undefined;
  const lines = [list.version, ...list.jids].join('\n');
  return Buffer.byteLength(lines) <= bytesMax ? lines : undefined;
}

/** What writeBlocks has written. */
export function readBlocks(kept: string | undefined): KnownBlocks | undefined {
  if (kept === undefined) return undefined;
  const [version = '', ...jids] = kept.split('\n');
  return { version: Number(version), jids: new Set(jids) };
}
