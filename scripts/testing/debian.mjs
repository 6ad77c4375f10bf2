// Programs that tests need, from Debian's packages where this may be done.
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';

const POLICY = '/usr/sbin/policy-rc.d';
const SET_ASIDE = '/usr/sbin/policy-rc.d.starling-test';
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin'];

/** Where a program is; undefined: not here. */
export const findProgram = (name) => FOLDERS.map((folder) => `${folder}/${name}`).find((path) => existsSync(path));

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

/**
 * Installs what is missing where this may be done.
 * @param findMissing the names of Debian's packages that are not here
 * @throws Error with one line that says what to install
 */
export async function ensurePackages(findMissing) {
  const missing = await findMissing();
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && findProgram('apt-get') !== undefined) {
    console.log(`installing ${missing.join(', ')} …`);
    withoutServices(() => aptGet(['update']) && aptGet(['install', '--no-install-recommends', '-y', ...missing]));
  }
  const still = await findMissing();
  if (still.length > 0) throw new Error(`please install: ${still.join(', ')} (the names of Debian's packages)`);
}
