import { bulk } from '@starling/contracts';
import type { System } from '../system.ts';

/** Erases in portions, until there is nothing left that is older. @returns how many @throws AccountError, CommandError */
export async function pruneArchive(
  system: System,
  stream: number,
  user: string,
  beforeMs: number,
  onErased: (count: number) => void,
): Promise<number> {
  let erased = 0;
  for (let complete = false; !complete; onErased(erased)) {
    const portion = await system.call(bulk.prune(stream), { user, beforeMs });
    erased += portion.erased;
    complete = portion.complete;
  }
  return erased;
}
