import { join } from 'node:path';
import type { OwnWorld } from '@starling/testkit';
import { withWorld } from '../own-world.ts';
import { Device } from '../smoke-history/device.ts';
import { openWriter, PASSWORD, refusedTo, register, write } from '../smoke-history/people.ts';
import { isSuffix } from '../smoke-history/verdict.ts';
import { runSql } from './database-backup.ts';
import { becomes, JULIET, LATE, LEAVING, writerNames } from './people.ts';
import { copyStores, type NatsCount, Stores } from './stores.ts';
import type { StreamBackup } from './stream-backup.ts';
import type { Backup, Taken } from './take-backups.ts';
import { type RestoredLog, troubleOf } from './verdict.ts';
import { NUMBERS_EACH, Writers } from './writers.ts';

/** What is restored, and what has to be there then. */
export interface RestoreCase {
  readonly name: string;
  /** Makes the stores in a folder that is not there yet. */
  readonly open: (folder: string, nats: NatsCount) => Promise<Stores>;
  readonly promised: readonly (readonly number[])[];
  /** Whether an account was made and another removed between the halves. */
  readonly accountsDiffer: boolean;
}

/** @param copied the folder of the stores as they were in the end, stopped */
export function casesOf({ first, second, acknowledged }: Taken, copied: string): readonly RestoreCase[] {
  const same = { accountsDiffer: false };
  const inDatabase = { promised: second.inDatabase, ...same };
  return [
    { name: 'both of one time', open: restored(first, first.streams), promised: first.acknowledged, ...same },
    {
      ...{ name: 'PostgreSQL older', open: restored(first, second.streams), promised: second.acknowledged },
      accountsDiffer: true,
    },
    { name: 'JetStream older', open: restored(second, first.streams), ...inDatabase },
    { name: 'JetStream lost', open: restored(second, []), ...inDatabase },
    { name: 'folders of stopped servers', open: moved(copied), promised: acknowledged, ...same },
  ];
}

const restored =
  ({ database }: Backup, streams: readonly StreamBackup[]): RestoreCase['open'] =>
  async (folder, nats) => {
    const stores = await Stores.start(folder, nats);
    try {
      await stores.restoreDatabase(database);
      await stores.restoreStreams(streams);
      return stores;
    } catch (error) {
      // Policy: nothing stays behind.
      await stores.destroy();
      throw error;
    }
  };

const moved =
  (from: string): RestoreCase['open'] =>
  async (folder, nats) => {
    await copyStores(from, folder);
    return Stores.start(folder, nats);
  };

export interface RestoreOptions {
  readonly folder: string;
  readonly nats: NatsCount;
  readonly edges: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly ids: readonly string[];
}

/** What came of one case. */
export interface Restored {
  readonly name: string;
  /** The number of messages that were promised, and of those that are there. */
  readonly promised: number;
  readonly there: number;
  readonly epoch: number;
  readonly trouble: readonly string[];
}

const FRESH_FROM = 500_000;
const FRESH_EACH = 20;

/** New stores from a backup, a new cluster on them, new messages: and a look. @throws Error when it could not be carried out */
export async function restore(given: RestoreCase, options: RestoreOptions): Promise<Restored> {
  const { edges, nats } = options;
  const stores = await given.open(join(options.folder, 'restored'), nats);
  try {
    const settings = {
      ...options.settings,
      STARLING_NATS_URL: stores.natsUrl,
      STARLING_DATABASE_URL: stores.databaseUrl,
    };
    return await withWorld({ edges, settings }, (world) => look(world, stores, given, options.ids));
  } finally {
    await stores.destroy();
  }
}

async function look(
  world: OwnWorld,
  stores: Stores,
  { name, promised, accountsDiffer }: RestoreCase,
  ids: readonly string[],
): Promise<Restored> {
  const { domain } = world;
  const juliet = `${JULIET}@${domain}`;
  const trouble: string[] = [];
  const isCaughtUp = async () => {
    const rows = new Set((await stores.rows()).get(juliet));
    return promised.flat().every((number) => rows.has(number));
  };
  // What is missing after that time is told below.
  await becomes(isCaughtUp);
  if (accountsDiffer) trouble.push(...(await settleAccounts(world, stores)));
  const phone = new Device('phone');
  await phone.comeOnline(world.endpoint('tcp'), { domain, username: JULIET, password: PASSWORD });
  const names = writerNames(promised.length);
  const writers = await Writers.open(world, names, juliet, FRESH_FROM);
  await writers.writeSome(FRESH_EACH);
  const fresh = writers.acknowledged();
  await writers.close();
  const isFreshWritten = async () => {
    const rows = new Set((await stores.rows()).get(juliet));
    return fresh.flat().every((number) => rows.has(number));
  };
  await becomes(isFreshWritten);
  const rows = await stores.rows();
  const logOf = (owner: string, of: (numbers: readonly (readonly number[])[]) => readonly number[]): RestoredLog => ({
    ...{ owner, numbers: (rows.get(owner) ?? []).filter(isToJuliet), promised: of(promised), fresh: of(fresh) },
    senderOf: (number) => Math.floor(number / NUMBERS_EACH),
  });
  trouble.push(...troubleOf(logOf(juliet, (numbers) => numbers.flat())));
  for (const [place, writer] of names.entries())
    trouble.push(...troubleOf(logOf(`${writer}@${domain}`, (numbers) => numbers[place] ?? [])));
  const archive = await phone.archive();
  const there = rows.get(juliet)?.length ?? 0;
  if (archive.length !== there) trouble.push(`her archive has ${archive.length} messages of ${there}`);
  if (ids.some((id, place) => archive[place] !== id)) trouble.push('her archive has other ids than before the backup');
  if (!isSuffix(phone.view.ids, archive)) trouble.push('what her phone was sent is not the end of the archive');
  await phone.goOffline();
  return { name, promised: promised.flat().length, there, epoch: await stores.epochOf(juliet), trouble };
}

/** Numbers from here on were written to others. */
const ELSEWHERE_FROM = 900_000;
const isToJuliet = (number: number): boolean => number % NUMBERS_EACH < ELSEWHERE_FROM;

/** Accounts that were made or removed between the halves: docs/backup.md. */
async function settleAccounts(world: OwnWorld, stores: Stores): Promise<readonly string[]> {
  const { domain } = world;
  const trouble: string[] = [];
  const late = `${LATE}@${domain}`;
  const leaving = `${LEAVING}@${domain}`;
  if (!(await becomes(async () => (await stores.rows()).has(late))))
    trouble.push('late: the log did not have its messages');
  await runSql(stores.databaseUrl, 'after-catch-up.sql');
  if ((await stores.rows()).has(late)) trouble.push('late: its messages are still there');
  await register(world, LATE);
  const device = new Device(LATE);
  await device.comeOnline(world.endpoint('tcp'), { domain, username: LATE, password: PASSWORD });
  if ((await device.archive()).length > 0) trouble.push('late: finds the messages of somebody else');
  // The sweep tells the log that the account is there.
  const writer = await openWriter(world.endpoint('tcp'), domain, LATE, 'writer');
  const isAccepted = async () => {
    write(writer, leaving, ELSEWHERE_FROM);
    await writer.ping();
    return (await stores.rows()).has(leaving);
  };
  if (!(await becomes(isAccepted))) trouble.push(`leaving: is refused messages (${refusedTo(writer)})`);
  await writer.close();
  await device.goOffline();
  return trouble;
}
