/** What a NATS user may do, by role: infra/nats/roles.conf says the same to nats-server, and a test holds that it does. */
export interface RolePermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Being in a group of processes, or watching one (packages/owners). */
const GROUPS = ['o.*', 'h.*', '$JS.API.DIRECT.GET.O.o.*'];
/** What the server says of the asker's own permissions: `starling check`. Known from nats-server 2.10 on. */
export const OWN_PERMISSIONS = '$SYS.REQ.USER.INFO';
const inbox = (role: string) => `_INBOX_${role}.>`;

export const ROLES = {
  edge: {
    publish: [
      ...['m.*.*', 'u.*.*', 'r.*', 'a.*.*', 'edge.*', 'edge.*.*', 'p.*', 'p.*.*', '$JS.API.STREAM.INFO.*'],
      ...GROUPS,
      ...['sm.*.*', 'smv.*.*', '$JS.API.DIRECT.GET.S.sm.*.*', '$JS.API.DIRECT.GET.S.smv.*.*'],
      ...['$JS.API.STREAM.MSG.DELETE.S', OWN_PERMISSIONS],
    ],
    subscribe: ['u.*.*', 't.*', 'edge.*', 'edge.*.*', 'h.*', 'ops', inbox('edge')],
  },
  archive: {
    publish: [
      ...['m.*.*', 'u.*.*', 't.*', 'r.*'],
      ...['$JS.API.STREAM.INFO.*', '$JS.API.STREAM.CREATE.*', '$JS.API.STREAM.UPDATE.*'],
      ...['$JS.API.STREAM.PURGE.*', '$JS.API.STREAM.MSG.GET.*'],
      ...['$JS.API.CONSUMER.CREATE.*', '$JS.API.CONSUMER.DELETE.*.*', '$JS.API.CONSUMER.MSG.NEXT.*.*'],
      ...GROUPS,
      OWN_PERMISSIONS,
    ],
    subscribe: ['a.*.*', 'h.*', 'ops', inbox('archive')],
  },
  roster: {
    publish: [
      ...['m.*.*', 'u.*.*', 'rc', '$JS.API.STREAM.INFO.*', ...GROUPS],
      ...['acct.*.*', '$JS.API.DIRECT.GET.A.acct.*.*', 'fast.*.*', '$JS.API.DIRECT.GET.A.fast.*.*'],
      OWN_PERMISSIONS,
    ],
    subscribe: ['r.*', 'rc', 'h.*', 'ops', inbox('roster')],
  },
  presence: {
    publish: [
      ...['u.*.*', 'edge.*', 'p.*', 'p.*.*', 'r.*', '$JS.API.STREAM.INFO.*', ...GROUPS],
      ...['sm.*.*', '$JS.API.DIRECT.GET.S.sm.*.*', 'a.*.owed', OWN_PERMISSIONS],
    ],
    subscribe: ['p.*', 'p.*.*', 'rc', 'h.*', 'ops', inbox('presence')],
  },
  /** Of the command: `starling check|drain|session|watch|top`. */
  operator: {
    publish: ['ops', 'edge.*.sessions', 'edge.*.kick', 'edge.*.drain', '$JS.API.STREAM.INFO.*', OWN_PERMISSIONS],
    subscribe: ['u.*.*', inbox('operator')],
  },
} as const satisfies Readonly<Record<string, RolePermissions>>;

export type Role = keyof typeof ROLES;

export const isRole = (name: string): name is Role => Object.hasOwn(ROLES, name);
