import { SUBSCRIPTION } from '@starling/contracts';
import type { Db, Queryable } from '@starling/db';
import { jidOf, type People } from './people.ts';
import type { SharedKeys } from './scram.ts';

/** Rows of one statement. */
const ROWS_MAX = 20_000;

/**
 * Accounts with the shared keys, and their mutual subscriptions, written as the roster service would have written them: 10,000 registrations and
 * 200,000 handshakes would take longer than the run. For a system that has just started, and knows nobody yet.
 */
export async function seedPeople(db: Db, people: People, keys: SharedKeys): Promise<void> {
  const everybody = Array.from({ length: people.count }, (_, person) => person);
  const jids = everybody.map((person) => jidOf(person, people.domain));
  const pairs = everybody.flatMap((person) =>
    people.contactsOf(person).map((contact, i) => ({ user: jids[person], contact: jids[contact], changed: i + 1 })),
  );
  await db.transaction(async (tx) => {
    const versions = everybody.map((person) => people.contactsOf(person).length);
    await insertAccounts(tx, jids, versions, keys);
    for (let at = 0; at < pairs.length; at += ROWS_MAX) await insertItems(tx, pairs.slice(at, at + ROWS_MAX));
  });
  await db.query('analyze');
}

/** An account with keys of its own and nobody in its roster, for a system that has just started. */
export async function seedAccount(db: Db, jid: string, keys: SharedKeys): Promise<void> {
  await db.transaction((tx) => insertAccounts(tx, [jid], [0], keys));
}

async function insertAccounts(
  tx: Queryable,
  jids: readonly string[],
  rosterVersions: readonly number[],
  keys: SharedKeys,
): Promise<void> {
  await tx.query(`insert into account (username, roster_version) select * from unnest($1::text[], $2::bigint[])`, [
    jids,
    rosterVersions,
  ]);
  await tx.query(
    `insert into account_key (username, mechanism, salt, iterations, stored_key, server_key)
     select u, $2::text, $3::bytea, $4::int, $5::bytea, $6::bytea from unnest($1::text[]) as u`,
    [jids, keys.mechanism, keys.salt, keys.iterations, keys.storedKey, keys.serverKey],
  );
  // As if their creation had been in their logs: else whatever is written to them is refused.
  await tx.query('insert into archive_owner (owner, created) select u, 0 from unnest($1::text[]) as u', [jids]);
}

interface Item {
  readonly user: string | undefined;
  readonly contact: string | undefined;
  /** The version of the roster that it made. */
  readonly changed: number;
}

async function insertItems(tx: Queryable, items: readonly Item[]): Promise<void> {
  await tx.query(
    `insert into roster_item (username, jid, name, groups, subscription, ask, approved, removed, changed)
     select u, c, '', '{}', $4::smallint, false, false, false, n from unnest($1::text[], $2::text[], $3::bigint[]) as item (u, c, n)`,
    [items.map((i) => i.user), items.map((i) => i.contact), items.map((i) => i.changed), SUBSCRIPTION.both],
  );
}
