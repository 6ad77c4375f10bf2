import type { NatsFacts } from '@starling/bus';
import { isRole, ROLES, type RolePermissions, subjectCovers } from '@starling/contracts';
import { failed, judged, type Look, type Outcome, ok, warning } from './finding.ts';

/** Whether the user who enters may do what its role has to, and no more (infra/nats/roles.conf). */
export const judgeNatsPermissions = (look: Look<NatsFacts>, user: string): Outcome =>
  judged(look, 'none: bus and log are in process', ({ permissions }) => {
    if (permissions === undefined)
      return warning(
        'this server does not tell them (nats-server 2.10 and later do, to a user with "$SYS.REQ.USER.INFO")',
      );
    if (permissions === 'everything')
      return warning('whoever reaches NATS may do everything there: give each role a user of its own (infra/nats)');
    if (!isRole(user))
      return warning(`STARLING_NATS_USER is '${user}', none of ${Object.keys(ROLES).join(', ')}: not compared`);
    return judgePermissions(user, ROLES[user], permissions);
  });

export function judgePermissions(role: string, wanted: RolePermissions, granted: RolePermissions): Outcome {
  const missing = [
    ...uncovered(wanted.publish, granted.publish).map((subject) => `publish ${subject}`),
    ...uncovered(wanted.subscribe, granted.subscribe).map((subject) => `subscribe ${subject}`),
  ];
  if (missing.length > 0) return failed(`${role} may not: ${missing.join(', ')} (infra/nats/roles.conf)`);
  const more = [
    ...uncovered(granted.publish, wanted.publish).map((subject) => `publish ${subject}`),
    ...uncovered(granted.subscribe, wanted.subscribe).map((subject) => `subscribe ${subject}`),
  ];
  if (more.length > 0) return warning(`${role} may do more than it has to: ${more.join(', ')}`);
  return ok(`${role} may do what it has to, and no more`);
}

const uncovered = (subjects: readonly string[], by: readonly string[]): readonly string[] =>
  subjects.filter((subject) => !by.some((pattern) => subjectCovers(pattern, subject)));
