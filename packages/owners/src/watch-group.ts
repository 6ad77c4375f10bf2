import { checkTimes } from './config.ts';
import type { GroupWatch } from './group.ts';
import type { WatchOptions } from './options.ts';
import { Watcher } from './watcher.ts';

/**
 * Watches a group without being in it. Resolves when the document has been read, or could not be read for now.
 * @throws ConfigError when the times do not fit together
 */
export async function watchGroup(options: WatchOptions): Promise<GroupWatch> {
  checkTimes(options.config);
  const watcher = new Watcher({ ...options, mayEvict: () => options.evict });
  watcher.start();
  await watcher.read();
  return watcher;
}
