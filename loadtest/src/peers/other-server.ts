import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dbConfig, openDb } from '@starling/db';
import { loadConfig } from '@starling/runtime';
import { processesWith, untilGone } from '@starling/testkit';
import { UsageError } from '../usage-error.ts';
import { writeProsodyRosters } from './prosody-rosters.ts';
import type { PeerOptions, PeerPart, PeerServer } from './server.ts';

const run = promisify(execFile);

/** Where the scripts have them listen. */
const PORT = 15222;
/** Of the scripts: plain routing, and an archive of every message in PostgreSQL. */
const CONFIG = { routes: 'A', archives: 'B' } as const;
const DATABASE = 'postgres';
const SCRAM_DOMAIN = 'scram.local';
const START_TIMEOUT_MS = 60_000;
const GONE_TIMEOUT_MS = 15_000;
/** The variable by which the scripts know where the state is: everything that they start has inherited it. */
const STATE_VARIABLE = 'STATE';

/** Where the scripts have PostgreSQL listen, and whom it lets in. */
const DATABASE_URL = 'postgresql://bench:bench@127.0.0.1:15432';

const OTHERS = {
  /** One scheduler for each core that it has. Accounts are made while it runs. */
  ejabberd: {
    startArguments: (cores: number) => ['+S', `${cores}:${cores}`],
    accountsFirst: false,
    archive: { database: 'ejbench', table: 'archive', driver: 'erlang-p1-pgsql' },
  },
  prosody: {
    startArguments: () => [],
    accountsFirst: true,
    archive: { database: 'pybench', table: 'prosodyarchive', driver: 'lua-dbi-postgresql' },
  },
} as const;
export type OtherName = keyof typeof OTHERS;
export const OTHER_NAMES = Object.keys(OTHERS) as readonly OtherName[];

/** The version of a Debian package. @throws UsageError when it is not installed */
export async function versionOf(name: OtherName | (typeof OTHERS)[OtherName]['archive']['driver']): Promise<string> {
  try {
    const { stdout } = await run('dpkg-query', ['--status', name]);
    const [, version] = /^Version: (.+)$/m.exec(stdout) ?? [];
    if (version !== undefined && /^Status: .* installed$/m.test(stdout)) return version;
  } catch {
    // Policy: another distribution, or none of this name: the same as not installed.
  }
  throw new UsageError(`${name} is not installed: apt-get install --no-install-recommends ${name}`);
}

/** Starts it in a folder of its own, which goes with it. @throws Error with what the script says */
export async function startOther(name: OtherName, options: PeerOptions): Promise<PeerServer> {
  const { peersFolder, accounts, contacts, serverCores, archives } = options;
  const { startArguments, accountsFirst, archive } = OTHERS[name];
  const version = await versionOf(name);
  // Without it the server starts all the same, and archives nothing.
  if (archives) await versionOf(archive.driver);
  const state = mkdtempSync(join(tmpdir(), `starling-${name}-`));
  // PostgreSQL runs as somebody else.
  chmodSync(state, 0o755);
  const env = { ...process.env, [STATE_VARIABLE]: state };
  const script = (file: string, ...args: readonly string[]) =>
    run(join(peersFolder, file), args, { env, timeout: START_TIMEOUT_MS });
  const makeAccounts = () =>
    run(process.execPath, [join(peersFolder, 'mkaccounts.mjs'), name, String(accounts), String(accounts)], { env });
  const stop = async () => {
    await script('stop.sh', name);
    if (archives) await script('stop.sh', DATABASE);
    // Erlang's port mapper outlives its node.
    const left = processesWith(STATE_VARIABLE, state);
    for (const pid of left) process.kill(pid, 'SIGTERM');
    await untilGone(left, GONE_TIMEOUT_MS);
    rmSync(state, { recursive: true, force: true });
  };
  const parts: PeerPart[] = [];
  try {
    if (archives)
      parts.push({ label: DATABASE, pid: pidIn(await script(`start-${DATABASE}.sh`, serverCores)), isTree: true });
    if (accountsFirst) await makeAccounts();
    if (name === 'prosody' && contacts > 0)
      writeProsodyRosters(join(state, 'prosody', 'data'), SCRAM_DOMAIN, accounts, contacts);
    const config = archives ? CONFIG.archives : CONFIG.routes;
    parts.unshift({
      label: 'server',
      pid: pidIn(
        await script(`start-${name}.sh`, config, serverCores, ...startArguments(serverCores.split(',').length)),
      ),
      isTree: true,
    });
    if (!accountsFirst) await makeAccounts();
    const archivedRows = () => countRows(`${DATABASE_URL}/${archive.database}`, archive.table);
    const domains = { domain: 'bench.local', scramDomain: SCRAM_DOMAIN };
    const hasContacts = name === 'prosody' || contacts === 0;
    return { name, version, port: PORT, ...domains, prefix: 'u', parts, hasContacts, archivedRows, stop };
  } catch (cause) {
    // Policy: nothing of it stays behind, and the caller hears why.
    await stop();
    throw new Error(`${name} does not start`, { cause });
  }
}

/** The scripts print the process that they have started. @throws Error when it is none */
function pidIn({ stdout }: { stdout: string }): number {
  const pid = Number(stdout.trim().split('\n').at(-1));
  if (!Number.isInteger(pid) || pid <= 1) throw new Error(`no process: ${stdout}`);
  return pid;
}

/** Prosody makes its table with the first message. */
async function countRows(url: string, table: string): Promise<number> {
  const env = { STARLING_DATABASE_URL: url, STARLING_DATABASE_POOL: '1' };
  const db = await openDb(loadConfig({ db: dbConfig }, { env, args: [] }).db);
  try {
    const [there] = await db.query<{ is: boolean }>('select to_regclass($1) is not null as is', [table]);
    if (there?.is !== true) return 0;
    const [row] = await db.query<{ count: bigint }>(`select count(*) from ${table}`);
    return Number(row?.count ?? 0);
  } finally {
    await db.close();
  }
}
