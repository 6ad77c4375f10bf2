import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { canEnter } from './may-enter.ts';
import { findPostgres, Postgres } from './postgres.ts';

// A closed folder: when the tests run as root, the user of PostgreSQL may not pass it.
const closed = mkdtempSync(join(tmpdir(), 'starling-pg-test-'));
chmodSync(closed, 0o700);
after(() => rmSync(closed, { recursive: true }));

async function psql(server: Postgres, sql: string): Promise<string> {
  const program = join((await findPostgres()) ?? '', 'psql');
  return execFileSync(program, ['-At', '-d', server.url(), '-c', sql], { encoding: 'utf8' }).trim();
}

test('a server in a kept folder that others may not enter, started twice', async () => {
  const folder = join(closed, 'postgres');
  const first = await Postgres.start({ folder });
  const died = new Promise((resolve) => first.onExit(resolve));
  await psql(first, 'create table kept as select 42 as answer');
  assert.ok(first.pid);
  process.kill(first.pid, 'SIGKILL');
  assert.deepEqual(await died, { code: null, signal: 'SIGKILL' });

  const second = await Postgres.start({ folder });
  second.onExit(() => assert.fail('it was stopped'));
  assert.equal(await psql(second, 'select answer from kept'), '42');
  await second.stop();
  assert.ok(existsSync(join(folder, 'data', 'PG_VERSION')));
});

test('who may enter a folder', () => {
  const folder = join(closed, 'inner');
  mkdirSync(folder, { mode: 0o755 });
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  assert.equal(canEnter(folder, own), true);
  assert.equal(canEnter(folder, { uid: 54_321, gid: 54_321 }), false);
  chmodSync(closed, 0o710);
  assert.equal(canEnter(folder, { uid: 54_321, gid: own.gid }), true);
});
