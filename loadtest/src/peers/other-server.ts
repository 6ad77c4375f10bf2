import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { dbConfig, openDb } from '@starling/db';
import { loadConfig } from '@starling/runtime';
import { processesWith, untilGone } from '@starling/testkit';
import { forEachOnEjabberd, plainAccount as plainOnEjabberd, rosterItems, scramAccount } from './ejabberd-data.ts';
import type { WatchedPart } from './generator/orders.ts';
import { hashedAccount, plainAccount as plainOnProsody, rosterOf, writeProsodyStore } from './prosody-data.ts';
import { NotInstalledError, type PeerOptions, type PeerServer } from './server.ts';

const run = promisify(execFile);

/** The scripts and settings by which they are started. */
const FOLDER = fileURLToPath(new URL('../../peers/', import.meta.url));
/** Where the scripts have them listen. */
const PORTS = { tcp: 15_222, ws: 15_280 } as const;
const PATH = '/ws';
const SCRAM_DOMAIN = 'scram.local';
export const PLAIN_DOMAIN = 'bench.local';
/** Of the scripts: plain routing, and an archive of every message in PostgreSQL. */
const CONFIG = { routes: 'A', archives: 'B' } as const;
const DATABASE = 'postgres';
/** Where the scripts have PostgreSQL listen, and whom it lets in. */
const DATABASE_URL = 'postgresql://bench:bench@127.0.0.1:15432';
const START_TIMEOUT_MS = 60_000;
const GONE_TIMEOUT_MS = 15_000;
/** The variable by which the scripts know where the state is: everything that they start has inherited it. */
const STATE_VARIABLE = 'STATE';

const OTHERS = {
  ejabberd: { program: 'ejabberd', archive: { database: 'ejbench', table: 'archive', driver: 'erlang-p1-pgsql' } },
  prosody: {
    program: 'prosody',
    archive: { database: 'pybench', table: 'prosodyarchive', driver: 'lua-dbi-postgresql' },
  },
  'prosody-tuned': {
    program: 'prosody',
    archive: { database: 'pybench', table: 'prosodyarchive', driver: 'lua-dbi-postgresql' },
  },
} as const;
export type OtherName = keyof typeof OTHERS;

/** The version of a Debian package. @throws NotInstalledError */
export async function packageVersion(name: string): Promise<string> {
  try {
    const { stdout } = await run('dpkg-query', ['--status', name]);
    const [, version] = /^Version: (.+)$/m.exec(stdout) ?? [];
    if (version !== undefined && /^Status: .* installed$/m.test(stdout)) return version;
  } catch {
    // Policy: another distribution, or none of this name: the same as not installed.
  }
  throw new NotInstalledError(`${name} is not installed: apt-get install --no-install-recommends ${name}`);
}

/** Starts it in a folder of its own, which goes with it. @throws NotInstalledError, Error with what the script says */
export async function startOther(name: OtherName, options: PeerOptions): Promise<PeerServer> {
  const { serverCores, archives } = options;
  const { program, archive } = OTHERS[name];
  const version = await packageVersion(program);
  // Without it the server starts all the same, and archives nothing.
  if (archives) for (const needed of [archive.driver, 'postgresql']) await packageVersion(needed);
  const state = mkdtempSync(join(tmpdir(), `starling-${name}-`));
  // PostgreSQL runs as somebody else.
  chmodSync(state, 0o755);
  const env = { ...process.env, [STATE_VARIABLE]: state, TUNED: name === 'prosody-tuned' ? '1' : '0' };
  // In a session of its own: a signal from the keyboard, which ends the run, must not end what stops the servers.
  const script = (file: string, ...args: readonly string[]) =>
    run('setsid', ['--wait', join(FOLDER, file), ...args], { env, timeout: START_TIMEOUT_MS });
  const stop = async () => {
    await script('stop.sh', program);
    if (archives) await script('stop.sh', DATABASE);
    // Erlang's port mapper outlives its node.
    const left = processesWith(STATE_VARIABLE, state);
    for (const pid of left) process.kill(pid, 'SIGTERM');
    await untilGone(left, GONE_TIMEOUT_MS);
    rmSync(state, { recursive: true, force: true });
  };
  const parts: WatchedPart[] = [];
  try {
    if (archives) parts.push({ label: DATABASE, pid: pidIn(await script(`start-${DATABASE}.sh`, serverCores)) });
    if (program === 'prosody') fillProsody(join(state, 'prosody', 'data'), options);
    const config = archives ? CONFIG.archives : CONFIG.routes;
    parts.unshift({
      label: program,
      pid: pidIn(await script(`start-${program}.sh`, config, serverCores, ...flagsOf(program, serverCores))),
    });
    if (program === 'ejabberd') await fillEjabberd(join(state, program), options);
    return {
      version,
      versions: archives ? { 'postgresql (of the others)': await packageVersion('postgresql') } : {},
      ports: PORTS,
      path: PATH,
      domain: SCRAM_DOMAIN,
      prefix: 'u',
      parts,
      archivedRows: () => countRows(`${DATABASE_URL}/${archive.database}`, archive.table),
      stop,
    };
  } catch (cause) {
    // Policy: nothing of it stays behind, and the caller hears why.
    await stop();
    throw new Error(`${name} does not start`, { cause });
  }
}

/** ejabberd: one scheduler for each core that it has. */
function flagsOf(program: string, serverCores: string): readonly string[] {
  const cores = serverCores.split(',').length;
  return program === 'ejabberd' ? ['+S', `${cores}:${cores}`] : [];
}

/** Before it is started. */
function fillProsody(folder: string, { accounts, contacts, keys, plainAccounts }: PeerOptions): void {
  const users = Array.from({ length: accounts }, (_, user) => user);
  const account = hashedAccount(keys);
  writeProsodyStore(
    folder,
    SCRAM_DOMAIN,
    'accounts',
    users.map((user) => [`u${user}`, account] as const),
  );
  const plain = Array.from({ length: plainAccounts }, (_, n) => [`t${n + 1}`, plainOnProsody(`pw${n + 1}`)] as const);
  writeProsodyStore(folder, PLAIN_DOMAIN, 'accounts', plain);
  if (contacts === 0) return;
  const rosters = users.map((user) => [`u${user}`, rosterOf(user, SCRAM_DOMAIN, accounts, contacts)] as const);
  writeProsodyStore(folder, SCRAM_DOMAIN, 'roster', rosters);
}

/** While it runs. */
async function fillEjabberd(folder: string, { accounts, contacts, keys, plainAccounts }: PeerOptions): Promise<void> {
  await forEachOnEjabberd(folder, 0, accounts - 1, scramAccount(SCRAM_DOMAIN, keys));
  await forEachOnEjabberd(folder, 1, plainAccounts, plainOnEjabberd(PLAIN_DOMAIN));
  if (contacts > 0) await forEachOnEjabberd(folder, 0, accounts - 1, rosterItems(SCRAM_DOMAIN, contacts));
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
