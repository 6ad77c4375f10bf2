import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OwnWorld } from '@starling/testkit';
import { Device } from '../smoke-history/device.ts';
import { PASSWORD, register } from '../smoke-history/people.ts';
import { becomes, JULIET, LATE, LEAVING, removeAccount, writerNames } from './people.ts';
import type { Stores } from './stores.ts';
import type { StreamBackup } from './stream-backup.ts';
import { Writers } from './writers.ts';

type Numbers = readonly (readonly number[])[];

/** Both halves, taken one after the other while messages flowed: first the database, then the log. */
export interface Backup {
  readonly database: string;
  readonly streams: readonly StreamBackup[];
  /** Written to the database before its half was begun; by writer. */
  readonly inDatabase: Numbers;
  /** Acknowledged before the log's half was begun. */
  readonly acknowledged: Numbers;
}

export interface Taken {
  readonly first: Backup;
  readonly second: Backup;
  /** When all was over. */
  readonly acknowledged: Numbers;
  /** Ids of what Juliet's archive had before the first. */
  readonly ids: readonly string[];
}

/** Lets writers write, and takes two backups. @throws Error when it could not be carried out */
export async function takeBackups(
  world: OwnWorld,
  stores: Stores,
  options: { readonly writers: number; readonly seconds: number; readonly folder: string },
): Promise<Taken> {
  const { domain } = world;
  const names = writerNames(options.writers);
  for (const name of [JULIET, LEAVING, ...names]) await register(world, name);
  const phone = new Device('phone');
  await phone.comeOnline(world.endpoint('tcp'), { domain, username: JULIET, password: PASSWORD });
  const writers = await Writers.open(world, names, `${JULIET}@${domain}`);
  writers.start();
  await sleep(options.seconds * 1_000);
  const ids = await phone.archive();
  const juliet = `${JULIET}@${domain}`;
  const take = async (name: string): Promise<Backup> => {
    const database = join(options.folder, `${name}.dump`);
    const inDatabase = writers.acknowledged();
    const isWritten = async () => {
      const rows = new Set((await stores.rows()).get(juliet));
      return inDatabase.flat().every((number) => rows.has(number));
    };
    if (!(await becomes(isWritten))) throw new Error('the archive does not write what was acknowledged');
    await stores.dumpDatabase(database);
    const acknowledged = writers.acknowledged();
    return { database, streams: await stores.backUpStreams(), inDatabase, acknowledged };
  };
  const first = await take('first');
  await sleep(options.seconds * 1_000);
  await register(world, LATE);
  const toLate = await Writers.open(world, [names[0] ?? ''], `${LATE}@${domain}`, 900_000);
  await toLate.writeSome(3);
  await toLate.close();
  await removeAccount(world, LEAVING);
  const second = await take('second');
  await sleep(options.seconds * 500);
  await writers.stop();
  await writers.close();
  await phone.goOffline();
  return { first, second, acknowledged: writers.acknowledged(), ids };
}
