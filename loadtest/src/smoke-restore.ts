// npm run smoke:restore: backups while messages flow, both stores destroyed, and what comes of every pair of halves.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { withWorld } from './own-world.ts';
import { casesOf, type Restored, restore } from './smoke-restore/restore.ts';
import { copyStores, type NatsCount, Stores, withFolder } from './smoke-restore/stores.ts';
import { type Taken, takeBackups } from './smoke-restore/take-backups.ts';
import { UsageError } from './usage-error.ts';

const SECRET_BYTES = 24;
const LOST = 'lost';
const COPIED = 'copied';

interface Options {
  readonly writers: number;
  /** Before the first backup, and between the first and the second. */
  readonly seconds: number;
  readonly edges: number;
  readonly nats: NatsCount;
}

/** Resolves with the exit code: 0 when every restore kept what docs/backup.md promises. @throws UsageError, Error when a cluster cannot run */
export async function smokeRestore(args: readonly string[]): Promise<number> {
  const options = optionsOf(args);
  const { writers, seconds, edges, nats } = options;
  console.log(`smoke:restore --writers ${writers} --seconds ${seconds} --edges ${edges} --nats ${nats}`);
  const settings = {
    STARLING_LOG_REPLICAS: String(nats),
    // It is no part of either store, and kept elsewhere.
    STARLING_ARCHIVE_ID_SECRET: randomBytes(SECRET_BYTES).toString('base64url'),
    // How soon the logs are told of accounts that infra/postgres/after-catch-up.sql names.
    STARLING_NOTICE_SWEEP: '1s',
  };
  return withFolder(async (folder) => {
    const taken = await run(options, settings, folder);
    const results: Restored[] = [];
    for (const each of casesOf(taken, join(folder, COPIED)))
      results.push(await restore(each, { folder, nats, edges, settings, ids: taken.ids }));
    return print(results);
  });
}

/** The cluster whose stores are lost afterwards. */
async function run(
  { edges, nats, writers, seconds }: Options,
  settings: Record<string, string>,
  folder: string,
): Promise<Taken> {
  const stores = await Stores.start(join(folder, LOST), nats);
  try {
    const own = { ...settings, STARLING_NATS_URL: stores.natsUrl, STARLING_DATABASE_URL: stores.databaseUrl };
    const taken = await withWorld({ edges, settings: own }, (world) =>
      takeBackups(world, stores, { writers, seconds, folder }),
    );
    await stores.stop();
    await copyStores(join(folder, LOST), join(folder, COPIED));
    return taken;
  } finally {
    await stores.destroy();
  }
}

function print(results: readonly Restored[]): number {
  for (const { name, promised, there, epoch, trouble } of results) {
    const came = trouble.length === 0 ? 'every promise kept' : `broken: ${trouble.join('; ')}`;
    console.log(`${name}: ${promised} messages promised, ${there} there with the new ones, epoch ${epoch}; ${came}`);
  }
  return results.every(({ trouble }) => trouble.length === 0) ? 0 : 1;
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      writers: { type: 'string', default: '8' },
      seconds: { type: 'string', default: '10' },
      edges: { type: 'string', default: '3' },
      nats: { type: 'string', default: '1' },
    },
  });
  const { nats } = values;
  const [writers, seconds, edges] = [Number(values.writers), Number(values.seconds), Number(values.edges)];
  if (!(writers >= 1 && writers <= 100)) throw new UsageError('--writers is a number from 1 to 100');
  if (!(seconds >= 1 && seconds <= 300)) throw new UsageError('--seconds is a number from 1 to 300');
  if (!(edges >= 1 && edges <= 8)) throw new UsageError('--edges is a number from 1 to 8');
  if (nats !== '1' && nats !== '3') throw new UsageError('--nats is 1 or 3');
  return { writers, seconds, edges, nats: nats === '1' ? 1 : 3 };
}
