import { checkTimes } from './config.ts';
import type { Membership } from './group.ts';
import { GroupMembership } from './member.ts';
import type { JoinOptions } from './options.ts';

/**
 * Becomes a member; when it resolves, it is in the document.
 * @throws RecordsUnavailableError or RecordConflictError when the document could not be written within joinTimeoutMs, ConfigError when the
 * times do not fit together, RangeError without an id
 */
export async function joinGroup(options: JoinOptions): Promise<Membership> {
  checkTimes(options.config);
  if (options.id === '') throw new RangeError('a member needs an id');
  const membership = new GroupMembership(options);
  await membership.start();
  return membership;
}
