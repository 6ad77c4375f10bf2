import { bench } from './bench.ts';
import { benchCsi } from './bench-csi.ts';
import { benchMam } from './bench-mam.ts';
import { benchParts } from './bench-parts.ts';
import { benchPeers } from './bench-peers.ts';
import { benchPresence } from './bench-presence.ts';
import { benchSessions } from './bench-sessions.ts';
import { chaos } from './chaos.ts';
import { dashboards } from './dashboards.ts';
import { interopSmack } from './interop-smack.ts';
import { k6 } from './k6.ts';
import { simulate } from './simulate.ts';
import { smokeHistory } from './smoke-history.ts';
import { smokeKill } from './smoke-kill.ts';
import { smokePresence } from './smoke-presence.ts';
import { smokeRestore } from './smoke-restore.ts';
import { upgrade } from './upgrade.ts';
import { UsageError } from './usage-error.ts';

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  bench,
  'bench-csi': benchCsi,
  'bench-mam': benchMam,
  'bench-parts': benchParts,
  'bench-peers': benchPeers,
  'bench-presence': benchPresence,
  'bench-sessions': benchSessions,
  chaos,
  dashboards,
  'interop-smack': interopSmack,
  k6,
  simulate,
  'smoke-history': smokeHistory,
  'smoke-kill': smokeKill,
  'smoke-presence': smokePresence,
  'smoke-restore': smokeRestore,
  upgrade,
};
const FAILED = 1;
const USAGE_ERROR = 64;

/** One of the commands with its options; resolves with the exit code. */
export async function run([name = '', ...args]: readonly string[]): Promise<number> {
  try {
    const command = COMMANDS[name];
    if (command === undefined) throw new UsageError(`one of ${Object.keys(COMMANDS).join(', ')}`);
    return await command(args);
  } catch (error) {
    // Policy: a run that could not be done has failed, and says why.
    const isUsage = error instanceof UsageError || isParseError(error);
    console.error(isUsage ? `loadtest: ${(error as Error).message}` : error);
    return isUsage ? USAGE_ERROR : FAILED;
  }
}

const isParseError = (error: unknown): boolean =>
  error instanceof TypeError && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
