import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { processesWith, untilGone } from '@starling/testkit';
import { UsageError } from '../usage-error.ts';
import type { PeerOptions, PeerServer } from './server.ts';

const run = promisify(execFile);

/** Where the scripts have them listen. */
const PORT = 15222;
/** Of the scripts: plain routing, no archive. */
const CONFIG = 'A';
const START_TIMEOUT_MS = 60_000;
const GONE_TIMEOUT_MS = 15_000;
/** The variable by which the scripts know where the state is: everything that they start has inherited it. */
const STATE_VARIABLE = 'STATE';

const OTHERS = {
  /** One scheduler, as it has one core. Accounts are made while it runs. */
  ejabberd: { startArguments: ['+S', '1:1'], accountsFirst: false },
  prosody: { startArguments: [], accountsFirst: true },
} as const;
export type OtherName = keyof typeof OTHERS;
export const OTHER_NAMES = Object.keys(OTHERS) as readonly OtherName[];

/** The version of the Debian package. @throws UsageError when it is not installed */
export async function versionOf(name: OtherName): Promise<string> {
  try {
    const { stdout } = await run('dpkg-query', ['--status', name]);
    const [, version] = /^Version: (.+)$/m.exec(stdout) ?? [];
    if (version !== undefined && /^Status: .* installed$/m.test(stdout)) return version;
  } catch {
    // Policy: another distribution, or none of this name: the same as not installed.
  }
  throw new UsageError(`${name} is not installed: apt-get install --no-install-recommends ${OTHER_NAMES.join(' ')}`);
}

/** Starts it in a folder of its own, which goes with it. @throws Error with what the script says */
export async function startOther(name: OtherName, options: PeerOptions): Promise<PeerServer> {
  const { peersFolder, accounts, serverCores } = options;
  const { startArguments, accountsFirst } = OTHERS[name];
  const version = await versionOf(name);
  const state = mkdtempSync(join(tmpdir(), `starling-${name}-`));
  const env = { ...process.env, [STATE_VARIABLE]: state };
  const script = (file: string, ...args: readonly string[]) =>
    run(join(peersFolder, file), args, { env, timeout: START_TIMEOUT_MS });
  const makeAccounts = () =>
    run(process.execPath, [join(peersFolder, 'mkaccounts.mjs'), name, String(accounts), String(accounts)], { env });
  const stop = async () => {
    await script('stop.sh', name);
    // Erlang's port mapper outlives its node.
    const left = processesWith(STATE_VARIABLE, state);
    for (const pid of left) process.kill(pid, 'SIGTERM');
    await untilGone(left, GONE_TIMEOUT_MS);
    rmSync(state, { recursive: true, force: true });
  };
  try {
    if (accountsFirst) await makeAccounts();
    const { stdout } = await script(`start-${name}.sh`, CONFIG, serverCores, ...startArguments);
    if (!accountsFirst) await makeAccounts();
    const parts = [{ label: 'server', pid: Number(stdout.trim()), isTree: true }];
    return { name, version, port: PORT, domain: 'bench.local', scramDomain: 'scram.local', prefix: 'u', parts, stop };
  } catch (cause) {
    // Policy: nothing of it stays behind, and the caller hears why.
    await stop();
    throw new Error(`${name} does not start`, { cause });
  }
}
