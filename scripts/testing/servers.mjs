// The throw-away PostgreSQL and nats-server of a test run, and the programs that they need.
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';

const POLICY = '/usr/sbin/policy-rc.d';
const SET_ASIDE = '/usr/sbin/policy-rc.d.starling-test';
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin'];

const isProgram = (name) => FOLDERS.some((folder) => existsSync(`${folder}/${name}`));
const hasSlixmpp = () =>
  ['/usr/bin/python3', 'python3'].some((p) => spawnSync(p, ['-c', 'import slixmpp']).status === 0);

/** Debian's packages for what is missing here. */
async function missingPackages({ findPostgres, findNatsServer }) {
  const missing = [];
  if (!findNatsServer()) missing.push('nats-server');
  if (!(await findPostgres())) missing.push('postgresql');
  if (!hasSlixmpp()) missing.push('python3-slixmpp');
  for (const client of ['profanity', 'tmux']) if (!isProgram(client)) missing.push(client);
  return missing;
}

// Packages of servers start them at once; ours are started by the tests, elsewhere, and thrown away.
function withoutServices(work) {
  const had = existsSync(POLICY);
  if (had) renameSync(POLICY, SET_ASIDE);
  try {
    writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    return work();
  } finally {
    rmSync(POLICY, { force: true });
    if (had) renameSync(SET_ASIDE, POLICY);
  }
}

function aptGet(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 2, 2], env }).status === 0;
}

/** Installs what is missing where this may be done. @throws Error with one line that says what to install */
export async function ensurePrograms(finders) {
  await ensurePackages(finders);
  try {
    finders.ensureClusterNatsServer();
  } catch (error) {
    // Policy: Debian's is too old for three; everything else can be tested with it, and the run's last line counts what was not.
    console.log(`${error.message}; the tests of three are skipped`);
  }
}

async function ensurePackages(finders) {
  const missing = await missingPackages(finders);
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && isProgram('apt-get')) {
    console.log(`installing ${missing.join(', ')} …`);
    withoutServices(() => aptGet(['update']) && aptGet(['install', '--no-install-recommends', '-y', ...missing]));
  }
  const still = await missingPackages(finders);
  if (still.length > 0) throw new Error(`please install: ${still.join(', ')} (the names of Debian's packages)`);
}

/**
 * Starts one PostgreSQL and one nats-server. Returns the variables that tell tests about them, a guard that ends them, and whatever else
 * it is told to watch, should this process be killed, and how to stop them.
 */
export async function startServers({ OrphanGuard, Postgres, startNatsServer }) {
  const guard = await OrphanGuard.start();
  const [postgres, nats] = await Promise.all([Postgres.start({ guard }), startNatsServer({ guard })]);
  return {
    guard,
    env: { STARLING_TEST_DATABASE_URL: postgres.url(), STARLING_TEST_NATS_URL: nats.url },
    async stop() {
      await Promise.all([postgres.stop(), nats.remove()]);
      await guard.stop();
    },
  };
}
