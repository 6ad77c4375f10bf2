import { checkTimes } from './config.ts';
import type { Membership } from './group.ts';
import { GroupMembership } from './member.ts';
import type { JoinOptions } from './options.ts';

/**
 * Becomes a member; when it resolves, it is in the document.
 * @throws RecordsUnavailableError or RecordConflictError when the document could not be written within joinTimeoutMs, ConfigError when the
 * times do not fit together
 */
export async function joinGroup(options: JoinOptions): Promise<Membership> {
  checkTimes(options.config);
  const membership = new GroupMembership(options);
  await membership.start();
  return membership;
}
