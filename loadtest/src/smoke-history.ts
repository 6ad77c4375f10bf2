// npm run smoke:history: all devices of a person, and the archive, end with the same messages in the same order, whatever is away meanwhile.
import { parseArgs } from 'node:util';
import { Postgres } from '@starling/local-servers';
import { keepLogs, withWorld } from './own-world.ts';
import { writeAtOnce } from './smoke-history/crowd.ts';
import { loseStore } from './smoke-history/lost-store.ts';
import { loseDatabase } from './smoke-history/outage.ts';
import { UsageError } from './usage-error.ts';

const EDGES = 3;
const ARCHIVES = 2;

interface Options {
  readonly senders: number;
  readonly messages: number;
  /** That PostgreSQL is away; 0: it stays. */
  readonly outageSeconds: number;
}

/** Resolves with the exit code: 0 when every device has everything. @throws UsageError, Error when a cluster cannot run */
export async function smokeHistory(args: readonly string[]): Promise<number> {
  const options = optionsOf(args);
  const { senders, messages, outageSeconds } = options;
  console.log(`smoke:history --senders ${senders} --messages ${messages} --outage ${outageSeconds}`);
  const postgres = await Postgres.start({ fsync: true });
  // Its devices only listen: pinged in a long outage they would count as gone (XEP-0199).
  const settings = { STARLING_DATABASE_URL: postgres.url(), STARLING_PING_INTERVAL: '0s' };
  try {
    return await withWorld({ edges: EDGES, archive: ARCHIVES, restart: true, settings }, async (world) => {
      const tell = (line: string) => console.log(line);
      const trouble = [...(await writeAtOnce(world, options, tell))];
      if (outageSeconds > 0) trouble.push(...(await loseDatabase(world, postgres, { seconds: outageSeconds }, tell)));
      trouble.push(...(await loseStore(world, tell)));
      for (const line of trouble) console.log(`broken: ${line}`);
      if (trouble.length === 0) console.log('every promise kept');
      else console.log(`logs are kept in ${keepLogs(world, 'smoke-history')}`);
      return trouble.length === 0 ? 0 : 1;
    });
  } finally {
    await postgres.stop();
  }
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      senders: { type: 'string', default: '50' },
      messages: { type: 'string', default: '10000' },
      outage: { type: 'string', default: '300' },
    },
  });
  const options = {
    senders: Number(values.senders),
    messages: Number(values.messages),
    outageSeconds: Number(values.outage),
  };
  if (!(options.senders >= 1 && options.senders <= 1_000)) throw new UsageError('--senders is a number from 1 to 1000');
  if (!(options.messages >= 1 && options.messages <= 1_000_000))
    throw new UsageError('--messages is a number from 1 to 1000000');
  if (!(options.outageSeconds >= 0 && options.outageSeconds <= 3_600))
    throw new UsageError('--outage is a number from 0 to 3600, in seconds');
  return options;
}
