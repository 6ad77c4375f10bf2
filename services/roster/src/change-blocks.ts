/** What a user wants of his block list (XEP-0191 §3.3 to §3.5); addresses are prepared. */
export interface BlockChange {
  readonly block: readonly string[];
  readonly unblock: readonly string[];
  readonly unblockAll: boolean;
}

/** The list after a change: each address once, in the order in which they were blocked. The same list when nothing is another. */
export function changeBlocks(jids: readonly string[], { block, unblock, unblockAll }: BlockChange): readonly string[] {
  const left = new Set(unblockAll ? [] : jids);
  for (const jid of unblock) left.delete(jid);
  for (const jid of block) left.add(jid);
  return left.size === jids.length && jids.every((jid) => left.has(jid)) ? jids : [...left];
}
