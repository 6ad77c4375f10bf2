import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeDatabaseSchema } from './database-schema.ts';
import { judgeDatabaseServer } from './database-server.ts';
import type { DatabaseFacts } from './look-at-database.ts';

const state = { last: '0002_b.sql', pending: [], later: [] };
const good: DatabaseFacts = {
  ...{ version: '15.14', connectionsMax: 100, connections: 10, clock: { serverMs: 0, ourMs: 0 } },
  migrations: { archive: state, roster: { ...state, last: '0009_x.sql' } },
};
const server = (more: Partial<DatabaseFacts>) => judgeDatabaseServer({ facts: { ...good, ...more } }, { poolSize: 10 });
const schema = (archive: Partial<typeof state>, roster = good.migrations.roster ?? state) =>
  judgeDatabaseSchema({ facts: { ...good, migrations: { archive: { ...state, ...archive }, roster } } });

test('a server that is new enough and has room', () => {
  assert.deepEqual(server({}), { verdict: 'ok', text: 'PostgreSQL 15.14, 10 of 100 connections in use' });
  assert.equal(server({ version: '14.9 (Debian)' }).verdict, 'failed');
  assert.match(server({ connections: 91 }).text, /no room for one more process/);
  assert.deepEqual(judgeDatabaseServer({ error: 'refused' }, { poolSize: 1 }), {
    verdict: 'failed',
    text: 'PostgreSQL: refused',
  });
  assert.equal(judgeDatabaseServer('none', { poolSize: 1 }).verdict, 'ok');
});

test('tables that are up to date, behind, ahead, or not there', () => {
  assert.equal(schema({}).text, 'migrated to archive/0002_b.sql, roster/0009_x.sql');
  assert.match(
    schema({ pending: ['0003_c.sql'] as never }).text,
    /archive\/0003_c\.sql will be run at the start, or by starling migrate$/,
  );
  assert.equal(schema({ later: ['0003_c.sql'] as never }).verdict, 'warning');
  assert.match(schema({ last: '' }, { ...state, last: '' }).text, /^empty/);
  assert.equal(judgeDatabaseSchema({ error: 'gone' }).verdict, 'skipped');
});
