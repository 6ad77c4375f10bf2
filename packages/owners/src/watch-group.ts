import type { GroupWatch } from './group.ts';
import type { WatchOptions } from './options.ts';

/** Watches a group without being in it. Resolves when the document has been read, or could not be read for now. */
export async function watchGroup(_options: WatchOptions): Promise<GroupWatch> {
  throw new Error('not yet');
}
