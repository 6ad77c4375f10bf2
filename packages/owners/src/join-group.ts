import type { Membership } from './group.ts';
import type { JoinOptions } from './options.ts';

/**
 * Becomes a member; when it resolves, it is in the document. @throws RecordsUnavailableError when that could not be written in time,
 * ConfigError when the times do not fit together
 */
export async function joinGroup(_options: JoinOptions): Promise<Membership> {
  throw new Error('not yet');
}
