import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { call } from '@starling/bus';
import {
  decodeEnvelope,
  encodeEnvelope,
  archive as methods,
  offline,
  type PageRequest,
  packPosition,
} from '@starling/contracts';
import { type Db, migrate } from '@starling/db';
import { append, envelopeTo, streamOfUser, until, userOn } from './testing/entries.ts';
import { ClusterWorld, type Servers, STREAMS, startServers } from './testing/world.ts';

const MIGRATIONS = fileURLToPath(new URL('./migrations/', import.meta.url));
const TIMEOUT_MS = 5_000;
const EVERYTHING = { with: '', ids: [], known: [], limit: 500, backwards: false, count: false } as const;
const alice = userOn(0, 'alice');

let servers: Servers;
before(async () => {
  servers = await startServers();
});
after(() => servers.stop());

/** The tables as release 0.1.0 has left them. */
async function makeOld(db: Db): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'starling-migrations-'));
  try {
    for (const file of readdirSync(MIGRATIONS).filter((name) => name < '0004'))
      copyFileSync(join(MIGRATIONS, file), join(folder, file));
    await migrate(db, 'archive', folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (let stream = 0; stream < STREAMS; stream++)
    await db.query('insert into archive_stream values ($1, $2, 1)', [stream, packPosition({ epoch: 1, sequence: 10 })]);
  await db.query('insert into archive_owner values ($1, $2)', [alice, packPosition({ epoch: 1, sequence: 1 })]);
  for (const [i, from] of ['romeo@x/1', 'nurse@x/1', 'romeo@x/2'].entries()) {
    const envelope = envelopeTo(alice, { id: `old ${i}`, from });
    await db.query('insert into archive values ($1, $2, $3, $4, $5, $6, $7)', [
      ...[alice, packPosition({ epoch: 1, sequence: 2 + i }), 1_000 + i, envelope.id, envelope.fate, envelope.copy],
      encodeEnvelope(envelope),
    ]);
  }
}

test('the database of 0.1.0 goes on', { timeout: 60_000 }, async () => {
  const world = await ClusterWorld.open(servers);
  try {
    await makeOld(world.openDb());
    const archive = await world.start();
    const stream = streamOfUser(alice);
    const idsOf = async (request: Partial<PageRequest> = {}) =>
      (await call(world.bus, methods.page(stream), { ...EVERYTHING, user: alice, ...request }, TIMEOUT_MS)).entries.map(
        ({ envelope }) => decodeEnvelope(envelope).id,
      );
    await append(world.log, alice, { id: 'new', from: 'romeo@x/1' });
    await until('the new message is there', async () => (await idsOf().catch((): string[] => [])).includes('new'));
    assert.deepEqual(await idsOf(), ['old 0', 'old 1', 'old 2', 'new']);
    assert.deepEqual(await idsOf({ with: 'romeo@x' }), ['old 0', 'old 2', 'new']);
    assert.deepEqual(await idsOf({ endMs: 1_001 }), ['old 0', 'old 1']);
    const request = { user: alice, session: 's', sessions: ['s'], passingOnly: false };
    const { entries } = await call(world.bus, offline.waiting(stream), request, TIMEOUT_MS);
    assert.deepEqual(
      entries.map(({ envelope }) => decodeEnvelope(envelope).id),
      ['new'],
      'what was there before has been delivered by the older release',
    );
    await archive.stop();
  } finally {
    await world.close();
  }
});
