import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it, mock } from 'node:test';
import { call, RpcError } from '@starling/bus';
import {
  type ArchivedEntry,
  decodeDigest,
  decodeEnvelope,
  HINT,
  KIND,
  archive as methods,
  offline,
  type Position,
  START,
  subjects,
} from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { parseJid } from '@starling/jid';
import { el, NS as RFC, Stanza } from '@starling/stanza';
import type { Archive } from './archive.ts';
import { append, block, create, type EntryOptions, until, userOn } from './testing/entries.ts';
import { ClusterWorld, type Servers, startServers } from './testing/world.ts';

// A database that cannot be written to for longer than a tail has room for bytes.

const TIMEOUT_MS = 5_000;
const BODY = 'x'.repeat(20_000);
const MESSAGES = 150;
const SMALL = { STARLING_ARCHIVE_TAIL_BYTES: '1MiB' };
const FRIEND = 'nurse@example.com/phone';
const TYBALT = 'tybalt@example.com/street';

let servers: Servers;
before(async () => {
  servers = await startServers();
});
after(() => servers.stop());

describe('archive beyond the bound of its tail', { timeout: 120_000 }, () => {
  let world: ClusterWorld;
  let archive: Archive | undefined;
  const [alice, bob] = [userOn(0, 'alice'), userOn(0, 'bob')];
  const digests = new Map<string, number>();

  beforeEach(async () => {
    world = await ClusterWorld.open(servers);
    digests.clear();
    world.bus.subscribe(subjects.digest(0), ({ data }) => {
      for (const { user, position } of decodeDigest(data).last) digests.set(user, position.sequence);
    });
  });
  afterEach(async () => {
    mock.restoreAll();
    world.db.fault = 'none';
    await archive?.stop();
    archive = undefined;
    await world.close();
  });

  const message = (id: string, from = FRIEND): EntryOptions => ({
    ...{ id, from },
    payload: Stanza.build(
      'message',
      { type: 'chat', id, from: parseJid(from), to: alice },
      el('body', RFC.client, {}, `${id} ${BODY}`),
    ).encode(),
  });
  const rowsOf = async (owner: BareJid) =>
    (
      await world
        .openDb()
        .query<{ envelope: Uint8Array }>('select envelope from archive where owner = $1 order by position', [owner])
    ).map(({ envelope }) => decodeEnvelope(envelope));
  const isKnown = () =>
    until('the account', async () => (await world.openDb().query('select from archive_owner')).length === 1);
  const idsOf = (entries: readonly ArchivedEntry[]) => entries.map(({ envelope }) => decodeEnvelope(envelope).id);
  const gaps = async (user: BareJid, upTo: Position) => {
    const found: ArchivedEntry[] = [];
    for (let at: Position = START; ; ) {
      const { entries, complete } = await call(
        world.bus,
        methods.gap(0),
        { user, after: at, upTo, limit: 0 },
        TIMEOUT_MS,
      );
      found.push(...entries);
      at = entries.at(-1)?.position ?? at;
      if (complete) return found;
      assert.ok(entries.length > 0);
    }
  };
  const pages = async (user: BareJid, backwards: boolean) => {
    const found: ArchivedEntry[] = [];
    const asked = { user, with: '', ids: [], known: [], limit: 500, backwards, count: false };
    for (let at: Position | undefined; ; ) {
      const { entries, complete } = await call(
        world.bus,
        methods.page(0),
        { ...asked, ...(at && (backwards ? { before: at } : { after: at })) },
        TIMEOUT_MS,
      );
      if (backwards) found.unshift(...entries);
      else found.push(...entries);
      at = (backwards ? entries.at(0) : entries.at(-1))?.position ?? at;
      if (complete) return found;
      assert.ok(entries.length > 0);
    }
  };

  it('answers as if it had them all, and writes them all, in order', async () => {
    archive = await world.start({ env: SMALL });
    await create(world.log, alice);
    await create(world.log, bob);
    await append(world.log, alice, message('row'));
    await until('one row', async () => (await rowsOf(alice)).length === 1);
    world.db.fault = 'read-only';
    const expected = ['row'];
    let last = 0;
    for (let i = 0; i < MESSAGES; i++) {
      expected.push(`a${i}`);
      last = await append(world.log, alice, message(`a${i}`));
      await append(world.log, bob, message(`b${i}`));
      // Beyond the bound as well: what notices and retractions say decides about others.
      if (i === 100) await block(world.log, alice, 1, 'tybalt@example.com');
      if (i > 100 && i % 10 === 0) await append(world.log, alice, message(`t${i}`, TYBALT));
    }
    const id = 'r1';
    expected.push(id);
    last = await append(world.log, alice, {
      ...{ id, from: FRIEND, hints: HINT.retraction },
      payload: Stanza.build(
        'message',
        { type: 'chat', id, from: parseJid(FRIEND), to: alice },
        el('retract', 'urn:xmpp:message-retract:1', { id: 'a140' }),
      ).encode(),
    });

    await until('the digest tells of the last', () => digests.get(alice) === last);
    const reads = mock.method(world.log, 'read');
    const upTo = { epoch: 1, sequence: last };
    const seen = await gaps(alice, upTo);
    const messages = seen.filter(({ envelope }) => decodeEnvelope(envelope).kind === KIND.message);
    assert.deepEqual(
      idsOf(messages).filter((each) => !each.startsWith('t')),
      expected,
    );
    assert.ok(reads.mock.callCount() > 0);
    for (const backwards of [false, true]) {
      const page = await pages(alice, backwards);
      assert.deepEqual(idsOf(page), expected);
      for (const { envelope } of page) {
        const { id: each, stanza } = decodeEnvelope(envelope);
        const text = Buffer.from(stanza).toString();
        if (each === 'a140') assert.match(text, /<retracted/);
        else if (each !== 'r1') assert.ok(text.includes(`<body>${each} x`) && text.includes(BODY));
      }
    }
    const waiting = { user: alice, session: 's1', sessions: ['s1'], upTo, passingOnly: false };
    await assert.rejects(call(world.bus, offline.waiting(0), waiting, TIMEOUT_MS), isAway);
    assert.equal((await rowsOf(alice)).length, 1);

    world.db.fault = 'none';
    await until('all rows', async () => (await rowsOf(bob)).length === MESSAGES);
    const rows = await rowsOf(alice);
    assert.deepEqual(
      rows.map((row) => row.id),
      expected,
    );
    assert.match(Buffer.from(rows.find((row) => row.id === 'a140')?.stanza ?? []).toString(), /<retracted/);
    assert.ok(rows.every(({ id: each, stanza }) => /^(r1|a140)$/.test(each) || stanza.length > BODY.length));
    assert.equal((await call(world.bus, offline.waiting(0), waiting, TIMEOUT_MS)).entries.length > 0, true);
  });

  it('stops reading when it has no room for places either, and loses nothing', async () => {
    archive = await world.start({ env: { ...SMALL, STARLING_ARCHIVE_TAIL_PLACES: '1000' } });
    await create(world.log, alice);
    await isKnown();
    world.db.fault = 'read-only';
    const ids = Array.from({ length: 6_000 }, (_, i) => `m${i}`);
    const appended = await Promise.all(ids.map((id) => append(world.log, alice, { id })));
    await until('a digest', () => digests.has(alice));
    await until('some places', () => (digests.get(alice) ?? 0) > 2_000);
    const upTo = { epoch: 1, sequence: Math.max(...appended) };
    await assert.rejects(
      call(world.bus, methods.gap(0), { user: alice, after: START, upTo, limit: 0 }, TIMEOUT_MS),
      isAway,
    );
    assert.ok((digests.get(alice) ?? 0) < upTo.sequence);
    world.db.fault = 'none';
    await until('all rows', async () => (await rowsOf(alice)).length === ids.length);
    assert.deepEqual(
      (await rowsOf(alice)).map((row) => row.id),
      ids,
    );
  });

  it('goes on with the next epoch when the log has lost what it has given up', async () => {
    archive = await world.start({ env: SMALL });
    await create(world.log, alice);
    await isKnown();
    world.db.fault = 'read-only';
    let last = 0;
    for (let i = 0; i < MESSAGES; i++) last = await append(world.log, alice, message(`a${i}`));
    await until('all are read', () => digests.get(alice) === last);
    await world.recreate(0);
    world.db.fault = 'none';
    await until('what it had', async () => (await rowsOf(alice)).length > 10);
    await append(world.log, alice, message('next'));
    await until('the next epoch', async () => (await rowsOf(alice)).at(-1)?.id === 'next');
    const rows = await rowsOf(alice);
    assert.ok(rows.length < MESSAGES);
    assert.deepEqual(
      rows.slice(0, -1).map((row) => row.id),
      Array.from({ length: rows.length - 1 }, (_, i) => `a${i}`),
    );
  });
});

const isAway = (error: unknown) => error instanceof RpcError && error.condition === 'resource-constraint';
