import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Child, freePorts } from '@starling/local-servers';
import { startNatsServer } from '@starling/local-servers/nats-server';
import { Postgres } from '@starling/local-servers/postgres';
import { systemEnvironment } from '@starling/testkit';
import type { Brought } from './commands/migrate.ts';
import { EXIT } from './exit-codes.ts';
import { runCommand } from './testing/run-command.ts';

const WAIT_MS = 30_000;
const MAIN = fileURLToPath(new URL('./main.js', import.meta.resolve('@starling/archive')));

let folder: string;
let postgres: Postgres;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'starling-migrate-'));
  postgres = await Postgres.start();
});
after(async () => {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

const migrate = (url: string, ...args: readonly string[]) =>
  runCommand(['migrate', ...args], { dataDir: folder, settings: { STARLING_DATABASE_URL: url } });
const broughtBy = (out: string) => (JSON.parse(out) as { readonly services: readonly Brought[] }).services;

test('migrate makes the tables of all services, and says what it ran', async () => {
  const url = postgres.url(await postgres.createDatabase());
  const first = await migrate(url, '--json');
  assert.equal(first.code, EXIT.ok, first.err);
  const brought = broughtBy(first.out);
  assert.deepEqual(
    brought.map(({ service }) => service),
    ['archive', 'roster'],
  );
  for (const { applied, last, later } of brought) {
    assert.equal(applied[0]?.slice(0, 4), '0001');
    assert.equal(applied.at(-1), last);
    assert.deepEqual(later, []);
  }
  assert.deepEqual(
    broughtBy((await migrate(url, '--json')).out).map(({ applied }) => applied),
    [[], []],
  );
  assert.match((await migrate(url)).out, /^archive: up to date with \d{4}_\w+\.sql\nroster: up to date/);
});

test('migrate without a database, or with one that does not answer', async () => {
  assert.equal((await migrate('')).code, EXIT.config);
  const [port] = await freePorts(1);
  const { code, err } = await migrate(`postgresql://127.0.0.1:${port}/none`, '--timeout', '1ms');
  assert.equal(code, EXIT.unavailable);
  assert.match(err, /the database is not available/);
});

test('two at once do each thing once', async () => {
  const url = postgres.url(await postgres.createDatabase());
  const runs = await Promise.all([migrate(url, '--json'), migrate(url, '--json')]);
  const applied = runs.flatMap(({ out }) =>
    broughtBy(out).flatMap((b) => b.applied.map((name) => `${b.service}/${name}`)),
  );
  assert.equal(new Set(applied).size, applied.length);
});

test('a service that waits for its tables is not ready, says why, and goes on when they are there', async () => {
  const nats = await startNatsServer();
  const url = postgres.url(await postgres.createDatabase());
  const [admin] = await freePorts(1);
  const env = {
    ...systemEnvironment(folder),
    STARLING_MIGRATIONS: 'wait',
    STARLING_MIGRATIONS_POLL: '50ms',
    STARLING_DATABASE_URL: url,
    STARLING_NATS_URL: nats.url,
    STARLING_ADMIN_PORT: String(admin),
  };
  const logFile = join(folder, 'archive.log');
  const args = [MAIN, '--json-ready'];
  const archive = await Child.start({ name: 'archive', command: process.execPath, args, env, logFile });
  try {
    const ready = archive.ready(WAIT_MS);
    const why = await untilBehind(`http://127.0.0.1:${admin}/readyz`);
    assert.match(why, /0001_archive\.sql.* not run yet: starling migrate does it/);
    assert.equal((await migrate(url)).code, EXIT.ok);
    await ready;
    assert.match(archive.logTail(), /"schema_behind"[\s\S]*"schema_made"/);
  } finally {
    await archive.stop(WAIT_MS);
    await nats.remove();
  }
});

/** What /readyz says when it has found that the tables are not there. */
async function untilBehind(readyz: string): Promise<string> {
  const deadlineMs = Date.now() + WAIT_MS;
  for (;;) {
    const answer = await fetch(readyz).then(
      (response) => response.text(),
      () => '', // Policy: it does not listen yet.
    );
    if (answer.includes('schema')) return answer;
    assert.ok(Date.now() < deadlineMs, answer);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
