import {
  ACCOUNT_STATE,
  type AccountCopy,
  type ArchiveDefault,
  type ScramKeys,
  type Subscription,
} from '@starling/contracts';
import type { Queryable, Row } from '@starling/db';

type KeysJson = readonly [mechanism: string, salt: string, iterations: number, storedKey: string, serverKey: string];
interface ItemJson {
  readonly jid: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly subscription: Subscription;
  readonly ask: boolean;
  readonly approved: boolean;
  readonly removed: boolean;
  readonly changed: number;
}
interface CopyRow extends Row {
  readonly username: string;
  readonly revision: bigint;
  readonly lineage: string;
  readonly number: bigint;
  readonly pruned: bigint;
  readonly keys: readonly KeysJson[];
  readonly items: readonly ItemJson[];
  readonly requests: readonly string[];
  readonly blocks_version: bigint | null;
  readonly blocked: readonly string[] | null;
  /** Null when the preferences were never changed. */
  readonly preferences_version: bigint | null;
  readonly fallback: ArchiveDefault;
  readonly always: readonly string[];
  readonly never: readonly string[];
}

/** What copies have of these accounts, in one statement: of one moment. Who has no account is left out. */
export async function selectCopies(db: Queryable, users: readonly string[]): Promise<Map<string, AccountCopy>> {
  const rows = await db.query<CopyRow>(
    `select a.username, a.revision, a.lineage, a.roster_version as number, a.roster_pruned as pruned,
            coalesce((select json_agg(json_build_array(k.mechanism, encode(k.salt, 'base64'), k.iterations,
                        encode(k.stored_key, 'base64'), encode(k.server_key, 'base64')) order by k.mechanism)
               from account_key k where k.username = a.username), '[]') as keys,
            coalesce((select json_agg(json_build_object('jid', i.jid, 'name', i.name, 'groups', i.groups,
                        'subscription', i.subscription, 'ask', i.ask, 'approved', i.approved, 'removed', i.removed,
                        'changed', i.changed) order by i.changed)
               from roster_item i where i.username = a.username), '[]') as items,
            coalesce((select json_agg(encode(r.stanza, 'base64') order by r.id)
               from roster_request r where r.username = a.username), '[]') as requests,
            b.version as blocks_version, b.jids as blocked,
            p.version as preferences_version, p.fallback, p.always, p.never
       from account a left join block_list b on b.username = a.username
       left join archive_preference_list p on p.username = a.username
      where a.username = any($1::text[])`,
    [users],
  );
  return new Map(rows.map((row) => [row.username, copyOf(row)]));
}

function copyOf(row: CopyRow): AccountCopy {
  return {
    user: row.username,
    revision: Number(row.revision),
    state: ACCOUNT_STATE.exists,
    writtenAtMs: Date.now(),
    keys: row.keys.map(keysOf),
    version: { lineage: row.lineage, number: Number(row.number) },
    pruned: Number(row.pruned),
    items: row.items.map(({ changed, ...item }) => ({ item, changed })),
    requests: row.requests.map(bytesOf),
    blocksVersion: Number(row.blocks_version ?? 0),
    blocked: row.blocked ?? [],
    ...(row.preferences_version !== null && {
      preferences: {
        version: Number(row.preferences_version),
        ...{ fallback: row.fallback, always: row.always, never: row.never, roster: [] },
      },
    }),
  };
}

const bytesOf = (base64: string): Uint8Array => Buffer.from(base64, 'base64');

const keysOf = ([mechanism, salt, iterations, storedKey, serverKey]: KeysJson): ScramKeys => ({
  ...{ mechanism, iterations },
  salt: bytesOf(salt),
  storedKey: bytesOf(storedKey),
  serverKey: bytesOf(serverKey),
});
