import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { World } from '@starling/testkit';
import { jidOf, type People } from '../presence/people.ts';
import { sharedKeys } from '../presence/scram.ts';
import { seedPeople } from '../presence/seed-people.ts';
import { connectDb } from '../stored.ts';

/** As the server makes them itself: RFC 7677. */
const ITERATIONS = 4096;
const SALT_BYTES = 16;
const KEY_BYTES = 32;

function strongKeys(password: string) {
  const salt = randomBytes(SALT_BYTES);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, KEY_BYTES, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  return { salt, storedKey: createHash('sha256').update(hmac('Client Key')).digest(), serverKey: hmac('Server Key') };
}

/** Accounts with both SCRAM mechanisms and rosters of neighbours, in a system that has just started. */
export async function seedUsers(world: World, people: People, password: string): Promise<void> {
  const db = await connectDb(world);
  try {
    await seedPeople(db, people, sharedKeys(password));
    const { salt, storedKey, serverKey } = strongKeys(password);
    const jids = Array.from({ length: people.count }, (_, person) => jidOf(person, people.domain));
    await db.query(
      `insert into account_key (username, mechanism, salt, iterations, stored_key, server_key)
       select u, $2::text, $3::bytea, $4::int, $5::bytea, $6::bytea from unnest($1::text[]) as u`,
      [jids, 'SCRAM-SHA-256', salt, ITERATIONS, storedKey, serverKey],
    );
  } finally {
    await db.close();
  }
}
