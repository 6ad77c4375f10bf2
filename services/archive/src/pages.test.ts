import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { call, RpcError } from '@starling/bus';
import {
  ARCHIVE_DEFAULT,
  type ArchivedEntry,
  type ArchivePreferences,
  COPY,
  comparePositions,
  decodeEnvelope,
  FATE,
  archive as methods,
  type PageReply,
  type PageRequest,
  type Position,
  packPosition,
} from '@starling/contracts';
import { isBlocked } from '@starling/features/xep-0191-blocking/is-blocked';
import { keepingOf, keepsArchived } from '@starling/features/xep-0441-mam-preferences/keeps-archived';
import { type BareJid, bareOf, type Jid } from '@starling/jid';
import fc from 'fast-check';
import type { Archive } from './archive.ts';
import {
  append,
  block,
  create,
  type EntryOptions,
  prefer,
  remove,
  streamOfUser,
  until,
  userOn,
} from './testing/entries.ts';
import { ClusterWorld, MemoryWorld, type Servers, startServers, type World } from './testing/world.ts';

const TIMEOUT_MS = 5_000;
const EVERYTHING = { with: '', ids: [], known: [], limit: 500, backwards: false, count: false } as const;
const idOf = ({ envelope }: ArchivedEntry) => decodeEnvelope(envelope).id;
const plain = ({ epoch, sequence }: Position): Position => ({ epoch, sequence });
const isRefused = (condition: string) => (error: unknown) => error instanceof RpcError && error.condition === condition;

let servers: Servers;
before(async () => {
  servers = await startServers();
});
after(() => servers.stop());

for (const WorldClass of [MemoryWorld, ClusterWorld]) {
  describe(`pages in a ${WorldClass.name}`, { timeout: 120_000 }, () => {
    let world: World;
    let archive: Archive;
    const alice = userOn(0, 'alice');

    beforeEach(async () => {
      world = await WorldClass.open(servers);
      archive = await world.start();
    });
    afterEach(async () => {
      world.db.fault = 'none';
      await archive.stop();
      await world.close();
    });
    const page = (request: Partial<PageRequest> = {}, user: BareJid = alice): Promise<PageReply> =>
      call(world.bus, methods.page(streamOfUser(user)), { ...EVERYTHING, user, ...request }, TIMEOUT_MS);
    const idsOf = async (request: Partial<PageRequest> = {}, user: BareJid = alice) =>
      (await page(request, user)).entries.map(idOf);
    const send = (id: string, options: EntryOptions = {}) => append(world.log, alice, { id, ...options });
    const preferences = (version: number, more: Partial<ArchivePreferences>): ArchivePreferences => ({
      ...{ version, fallback: ARCHIVE_DEFAULT.always, always: [], never: [], roster: [] },
      ...more,
    });

    it('gives what is archived, in the log’s order, from both ends; nothing that is passing', async () => {
      await create(world.log, alice);
      for (const id of ['a', 'b', 'c', 'd']) await send(id);
      await send('passing', { fate: FATE.passing });
      await send('sent', { copy: COPY.sent, from: `${alice}/phone` });
      assert.deepEqual(await idsOf(), ['a', 'b', 'c', 'd', 'sent']);
      const first = await page({ limit: 2 });
      assert.deepEqual([first.entries.map(idOf), first.complete], [['a', 'b'], false]);
      const [, b] = first.entries;
      const rest = await page({ limit: 3, after: b?.position, known: b ? [b.position] : [] });
      assert.deepEqual([rest.entries.map(idOf), rest.complete], [['c', 'd', 'sent'], true]);
      const last = await page({ limit: 2, backwards: true });
      assert.deepEqual([last.entries.map(idOf), last.complete], [['d', 'sent'], false]);
      const [d] = last.entries;
      assert.deepEqual(await idsOf({ limit: 9, backwards: true, before: d?.position }), ['a', 'b', 'c']);
      assert.deepEqual(await idsOf({ ids: rest.entries.map((e) => e.position) }), ['c', 'd', 'sent']);
    });

    it('counts when asked, as far as it is worth it', async () => {
      await create(world.log, alice);
      for (const id of ['a', 'b', 'c']) await send(id, { from: `${id}@x/y` });
      assert.equal((await page({ limit: 0, count: true })).count, 3);
      assert.equal((await page({ limit: 0, count: true, with: 'b@x' })).count, 1);
      assert.equal((await page({ limit: 0, count: true, with: 'b@x/y' })).count ?? undefined, undefined);
      assert.equal((await page({ limit: 1 })).count ?? undefined, undefined);
      const { entries, complete } = await page({ limit: 0 });
      assert.deepEqual([entries.length, complete], [0, false]);
    });

    it('of one account so many at once; others do not wait for it', async () => {
      const bob = userOn(0, 'bob');
      await create(world.log, alice);
      await create(world.log, bob);
      await append(world.log, bob, { id: 'of-bob' });
      await page();
      const all = await Promise.allSettled(Array.from({ length: 100 }, () => page()));
      const [bobs] = await Promise.all([idsOf({}, bob), Promise.allSettled(Array.from({ length: 100 }, () => page()))]);
      const refused = all.filter((one) => one.status === 'rejected' && isRefused('resource-constraint')(one.reason));
      const answered = all.filter((one) => one.status === 'fulfilled');
      assert.equal(refused.length + answered.length, 100);
      assert.ok(answered.length >= 16 && refused.length > 0, `${answered.length} of 100`);
      assert.deepEqual(bobs, ['of-bob']);
      assert.deepEqual(await idsOf(), []);
    });

    it('does not know ids that are not in this archive', async () => {
      const bob = userOn(0, 'bob');
      await create(world.log, alice);
      await create(world.log, bob);
      await send('a');
      await send('passing', { fate: FATE.passing });
      await append(world.log, bob, { id: 'of-bob' });
      const [a] = (await page()).entries;
      const [ofBob] = (await page({}, bob)).entries;
      assert.ok(a && ofBob);
      const passing = { ...a.position, sequence: a.position.sequence + 1 };
      for (const known of [ofBob.position, passing, { epoch: 9, sequence: 1 }]) {
        await assert.rejects(page({ known: [a.position, known] }), isRefused('item-not-found'));
        await assert.rejects(page({ ids: [known] }), isRefused('item-not-found'));
      }
      assert.deepEqual(await idsOf({ known: [a.position], ids: [a.position] }), ['a']);
    });

    it('has nothing of whom it does not know, or who was there before', async () => {
      await send('before', {}).catch(() => undefined);
      assert.deepEqual(await idsOf(), []);
      await create(world.log, alice);
      await send('first-life');
      assert.deepEqual(await idsOf(), ['first-life']);
      await remove(world.log, alice);
      assert.deepEqual(await idsOf(), []);
      await create(world.log, alice);
      await send('second-life');
      assert.deepEqual(await idsOf(), ['second-life']);
    });

    it('XEP-0441 what preferences exclude is a row of fate passing, from the place in the log on', async () => {
      await create(world.log, alice);
      await send('0', { from: 'nurse@x/home' });
      await prefer(world.log, alice, preferences(1, { never: ['nurse@x'], always: ['nurse@x/home'] }));
      await send('1-always', { from: 'nurse@x/home' });
      await send('1-never', { from: 'nurse@x/street' });
      await prefer(world.log, alice, preferences(2, { fallback: ARCHIVE_DEFAULT.roster, roster: ['paris@x'] }));
      await send('2-in', { from: 'paris@x/y' });
      await send('2-out', { from: 'tybalt@x/y' });
      await prefer(world.log, alice, preferences(3, { fallback: ARCHIVE_DEFAULT.never }));
      await send('3', { from: 'paris@x/y' });
      await prefer(world.log, alice, preferences(4, {}));
      await send('4');
      assert.deepEqual(await idsOf(), ['0', '1-always', '2-in', '4']);
      const fates = async () =>
        (
          await world
            .openDb()
            .query<{ entry_id: string; fate: number }>('select entry_id, fate from archive order by position')
        ).map(({ entry_id, fate }) => `${entry_id}:${fate}`);
      await until('all are written', async () => (await fates()).length === 7);
      assert.deepEqual(await fates(), ['0:2', '1-always:2', '1-never:1', '2-in:2', '2-out:1', '3:1', '4:2']);
    });

    it('says that it cannot, when the database is away', async () => {
      await create(world.log, alice);
      await send('a');
      await idsOf();
      world.db.fault = 'away';
      await assert.rejects(page(), isRefused('resource-constraint'));
    });

    it('goes on behind a stream that was made anew', async () => {
      await create(world.log, alice);
      for (const id of ['a', 'b', 'c']) await send(id);
      const old = (await page()).entries;
      assert.equal(old.length, 3);
      await until('all is written', async () => (await page()).stable);
      await world.recreate(0);
      await until('the next epoch takes entries', async () => {
        await send('d').catch(() => undefined);
        return (await idsOf().catch((): string[] => [])).includes('d');
      });
      assert.deepEqual(await idsOf(), ['a', 'b', 'c', 'd']);
      assert.deepEqual(await idsOf({ after: old[1]?.position }), ['c', 'd']);
      assert.deepEqual(await idsOf({ backwards: true, limit: 2 }), ['c', 'd']);
    });
  });
}

/** What becomes of one entry in the test below. */
type Step = { readonly kind: 'message'; readonly from: string; readonly fate: number; readonly copy: number } | Notice;
type Notice =
  | { readonly kind: 'blocks'; readonly jids: readonly string[] }
  | { readonly kind: 'preferences'; readonly never: readonly string[]; readonly fallback: 0 | 1 | 2 };

describe('pages over what is written and what is not', { timeout: 120_000 }, () => {
  it('property: are what a plain look through the log finds, in whatever pages', async () => {
    const world = await ClusterWorld.open(servers);
    const archive = await world.start();
    let users = 0;
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(steps(), { maxLength: 40 }),
          fc.nat(40),
          fc.array(queries(), { maxLength: 25 }),
          async (log, split, asked) => {
            const user = userOn(0, `u${++users}-`);
            await create(world.log, user);
            await write(world, user, log.slice(0, split), 0);
            const page = (request: Partial<PageRequest>) =>
              call(world.bus, methods.page(0), { ...EVERYTHING, user, ...request }, TIMEOUT_MS);
            await until('the first part is written', async () => (await page({})).stable);
            world.db.fault = 'read-only';
            await write(world, user, log.slice(split), split);
            const { entries: all } = await page({});
            assert.deepEqual(all.map(idOf), archivedOf(user, log));
            for (const query of asked) await check(page, all, user, query);
            world.db.fault = 'none';
            await until('all is written', async () => (await page({})).stable);
            assert.deepEqual((await page({})).entries.map(idOf), all.map(idOf), 'the rows are what was said of them');
            for (const query of asked) await check(page, all, user, query);
          },
        ),
        { numRuns: 12, endOnFailure: true },
      );
    } finally {
      world.db.fault = 'none';
      await archive.stop();
      await world.close();
    }
  });
});

interface Query {
  readonly after: number;
  readonly before: number;
  readonly start: number;
  readonly end: number;
  readonly with: string;
  readonly limit: number;
  readonly backwards: boolean;
  readonly ids: readonly number[];
}

const PEERS = ['a@x', 'a@x/1', 'a@x/2', 'b@x/1', 'c@y/1'];

function steps(): fc.Arbitrary<Step> {
  const jids = fc.uniqueArray(fc.constantFrom(...PEERS, 'x', 'y'), { maxLength: 2 });
  return fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        kind: fc.constant('message' as const),
        from: fc.constantFrom(...PEERS.slice(1)),
        fate: fc.constantFrom(FATE.archived, FATE.archived, FATE.passing),
        copy: fc.constantFrom(COPY.received, COPY.received, COPY.sent, COPY.self),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('blocks' as const), jids }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('preferences' as const),
        never: jids,
        fallback: fc.constantFrom(0, 1, 2),
      }),
    },
  );
}

function queries(): fc.Arbitrary<Query> {
  // Places among the archived ones; beyond them: no such bound.
  const place = fc.oneof({ weight: 2, arbitrary: fc.constant(99) }, { weight: 1, arbitrary: fc.nat(30) });
  return fc.record({
    ...{ after: place, before: place, start: place, end: place },
    with: fc.constantFrom('', '', '', 'a@x', 'a@x/1', 'c@y', 'OWN', 'OWN/r', 'nobody@z'),
    limit: fc.integer({ min: 1, max: 12 }),
    backwards: fc.boolean(),
    ids: fc.oneof(
      { weight: 4, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.uniqueArray(fc.nat(30), { maxLength: 4 }) },
    ),
  });
}

async function write(world: World, user: BareJid, log: readonly Step[], offset: number): Promise<void> {
  for (const [i, step] of log.entries()) {
    const place = offset + i + 1;
    // JetStream compares ids within the stream, whosesoever they are.
    const version = Number(/\d+/.exec(user)) * 1_000 + place;
    if (step.kind === 'blocks') await block(world.log, user, version, ...step.jids);
    else if (step.kind === 'preferences') await prefer(world.log, user, { ...preferencesOf(step), version });
    else await append(world.log, user, optionsOf(user, step, place));
  }
}

const preferencesOf = ({ never, fallback }: Extract<Step, { kind: 'preferences' }>): ArchivePreferences => ({
  ...{ version: 1, fallback, never, always: ['a@x/2'], roster: ['b@x'] },
});

function optionsOf(
  user: BareJid,
  { from, fate, copy }: Extract<Step, { kind: 'message' }>,
  place: number,
): EntryOptions {
  const shared = {
    id: `${user}-${place}`,
    fate: fate as EntryOptions['fate'] & number,
    copy: copy as EntryOptions['copy'] & number,
  };
  if (copy === COPY.received) return { ...shared, from };
  return { ...shared, from: `${user}/r`, ...(copy === COPY.sent && { to: from }) };
}

/** The rule once more, as plainly as can be. */
function archivedOf(user: BareJid, log: readonly Step[]): readonly string[] {
  let blocked: ReadonlySet<string> = new Set();
  let keeping = keepingOf({ version: 0, fallback: 0, always: [], never: [], roster: [] });
  const ids: string[] = [];
  for (const [i, step] of log.entries()) {
    if (step.kind === 'blocks') blocked = new Set(step.jids);
    else if (step.kind === 'preferences') keeping = keepingOf(preferencesOf(step));
    else {
      const peer = (step.copy === COPY.self ? `${user}/r` : step.from) as Jid;
      const isRefused = step.copy === COPY.received && isBlocked(blocked, peer, user);
      if (step.fate === FATE.archived && !isRefused && keepsArchived(keeping, peer)) ids.push(`${user}-${i + 1}`);
    }
  }
  return ids;
}

/** One query, page after page, against the whole archive filtered. */
async function check(
  page: (request: Partial<PageRequest>) => Promise<PageReply>,
  all: readonly ArchivedEntry[],
  user: BareJid,
  query: Query,
): Promise<void> {
  const positionAt = (place: number) => all[place] && plain(all[place].position);
  const [after, before] = [positionAt(query.after), positionAt(query.before)];
  const [startMs, endMs] = [all[query.start]?.committedAtMs, all[query.end]?.committedAtMs];
  const jid = query.with.replace('OWN', user);
  const ids = query.ids.flatMap((place) => positionAt(place) ?? []);
  const wanted = all
    .filter(({ position }) => after === undefined || comparePositions(position, after) > 0)
    .filter(({ position }) => before === undefined || comparePositions(position, before) < 0)
    .filter(({ committedAtMs }) => startMs === undefined || committedAtMs >= startMs)
    .filter(({ committedAtMs }) => endMs === undefined || committedAtMs <= endMs)
    .filter(({ position }) => ids.length === 0 || ids.some((id) => packPosition(id) === packPosition(position)))
    .filter(({ envelope }) => isWith(decodeEnvelope(envelope), jid, user))
    .map(idOf);
  const request = { startMs, endMs, with: jid, ids, limit: query.limit, backwards: query.backwards };
  const got: string[] = [];
  let [from, to] = [after, before];
  for (let complete = false; !complete; ) {
    const reply = await page({ ...request, after: from, before: to, known: [from, to].filter((p) => p !== undefined) });
    const read = reply.entries.map(idOf);
    assert.ok(read.length <= query.limit && (read.length > 0 || reply.complete));
    if (query.backwards) {
      got.unshift(...read);
      to = reply.entries[0]?.position ?? to;
    } else {
      got.push(...read);
      from = reply.entries.at(-1)?.position ?? from;
    }
    complete = reply.complete;
    // The bound is exact: no page is empty but the only one.
    if (complete && got.length > 0) assert.ok(read.length > 0);
  }
  assert.deepEqual(got, wanted, JSON.stringify(query));
}

function isWith({ from, to }: { from: Jid; to: Jid }, jid: string, user: BareJid): boolean {
  if (jid === '') return true;
  const ends = [from, to];
  const isOwn = bareOf(jid as Jid) === user;
  if (isOwn && !ends.every((end) => bareOf(end) === user)) return false;
  return jid.includes('/') ? ends.includes(jid as Jid) : ends.some((end) => bareOf(end) === jid);
}
