// The throw-away PostgreSQL and nats-server of a test run, and the programs that they need.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePackages, findProgram } from './debian.mjs';

const hasSlixmpp = () =>
  ['/usr/bin/python3', 'python3'].some((p) => spawnSync(p, ['-c', 'import slixmpp']).status === 0);

/** Debian's packages for what is missing here. */
async function missingPackages({ findPostgres, findNatsServer }) {
  const missing = [];
  if (!findNatsServer()) missing.push('nats-server');
  if (!(await findPostgres())) missing.push('postgresql');
  if (findProgram('promtool') === undefined) missing.push('prometheus');
  if (!hasSlixmpp()) missing.push('python3-slixmpp');
  for (const client of ['profanity', 'tmux']) if (findProgram(client) === undefined) missing.push(client);
  return missing;
}

/** Installs what is missing where this may be done. @throws Error with one line that says what to install */
export async function ensurePrograms(finders) {
  await ensurePackages(() => missingPackages(finders));
  try {
    finders.ensureClusterNatsServer();
  } catch (error) {
    // Policy: Debian's is too old for three; everything else can be tested with it, and the run's last line counts what was not.
    console.log(`${error.message}; the tests of three are skipped`);
  }
}

/**
 * Starts one PostgreSQL and one nats-server. Returns the variables that tell tests about them, a guard that ends them, and whatever else
 * it is told to watch, should this process be killed, and how to stop them.
 */
export async function startServers({ OrphanGuard, Postgres, startNatsServer }) {
  const guard = await OrphanGuard.start();
  const [postgres, nats, template] = await Promise.all([
    Postgres.start({ guard }),
    startNatsServer({ guard }),
    makeTemplate(),
  ]);
  return {
    guard,
    env: {
      STARLING_TEST_DATABASE_URL: postgres.url(),
      STARLING_TEST_NATS_URL: nats.url,
      [template.variable]: join(template.folder, 'pglite'),
    },
    async stop() {
      await Promise.all([postgres.stop(), nats.remove()]);
      await guard.stop();
      rmSync(template.folder, { recursive: true, force: true });
    },
  };
}

/** An empty database that tests copy. */
async function makeTemplate() {
  const { PgliteDb } = await import('../../packages/db/dist/pglite-db.js');
  const { PGLITE_TEMPLATE_VARIABLE: variable } = await import('../../packages/db/dist/pglite-template.js');
  const folder = mkdtempSync(join(tmpdir(), 'starling-template-'));
  const db = await PgliteDb.open({ dataDir: folder });
  await db.close();
  return { variable, folder };
}
