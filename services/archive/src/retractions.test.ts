import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { call } from '@starling/bus';
import {
  ARCHIVE_DEFAULT,
  COPY,
  type Copy,
  decodeEnvelope,
  encodeArchivePreferences,
  encodeBlockList,
  FATE,
  HINT,
  KIND,
  archive as methods,
  START,
} from '@starling/contracts';
import { bareOf, parseJid } from '@starling/jid';
import { el, NS as RFC, Stanza } from '@starling/stanza';
import type { Archive } from './archive.ts';
import { judge } from './judge.ts';
import { withTombstones } from './retractions.ts';
import type { TailEntry } from './tail-entry.ts';
import { append, block, create, type EntryOptions, streamOfUser, tailEntry, until, userOn } from './testing/entries.ts';
import { ClusterWorld, MemoryWorld, type Servers, startServers, type World } from './testing/world.ts';

const NS = { retraction: 'urn:xmpp:message-retract:1' } as const;
const ROMEO = 'romeo@example.com/home';
const TIMEOUT_MS = 5_000;

let servers: Servers;
before(async () => {
  servers = await startServers();
});
after(() => servers.stop());

describe('what is not written yet', () => {
  const owner = userOn(0, 'alice');
  let sequence = 0;
  const entry = (options: EntryOptions): TailEntry => tailEntry(owner, ++sequence, options);
  const stanza = (id: string, child: ReturnType<typeof el>): Pick<EntryOptions, 'payload'> => ({
    payload: Stanza.build('message', { type: 'chat', id, from: parseJid(ROMEO), to: owner }, child).encode(),
  });
  const message = entry({ from: ROMEO, ...stanza('m1', el('body', RFC.client, {}, 'x')) });
  const blocks = entry({
    kind: KIND.blocksChanged,
    payload: encodeBlockList({ version: 1, jids: [bareOf(parseJid(ROMEO))], cleared: false }),
  });
  const preferences = entry({
    kind: KIND.preferencesChanged,
    payload: encodeArchivePreferences({
      ...{ version: 1, fallback: ARCHIVE_DEFAULT.always, always: [], roster: [] },
      never: [bareOf(parseJid(ROMEO))],
    }),
  });
  const retraction = entry({
    from: ROMEO,
    hints: HINT.retraction,
    ...stanza('r1', el('retract', NS.retraction, { id: 'm1' })),
  });
  const namesIn = (entries: readonly TailEntry[]) =>
    entries.map(({ data }) => Stanza.decode(decodeEnvelope(data).stanza).firstChild()?.name);
  const state = { exists: true, blocked: [], preferences: undefined, isOverQuota: false };

  it('is read as it will be written', () => {
    assert.deepEqual(namesIn(judge(state, [message, retraction]).entries), ['retracted', 'retract']);
    assert.deepEqual(namesIn(judge(state, [message, blocks, retraction]).entries), ['body'], 'refused');
    assert.deepEqual(
      namesIn(judge(state, [retraction, message]).entries),
      ['retract', 'body'],
      'only what is before it',
    );
    const { entries } = judge(state, [message, preferences, retraction]);
    assert.deepEqual(namesIn(entries), ['retracted'], 'whatever the preferences keep out of the archive (XEP-0441)');
    assert.deepEqual(namesIn(withTombstones([message, retraction, retraction])), ['retracted', 'retract', 'retract']);
    const again = entry({ from: ROMEO, ...stanza('m1', el('body', RFC.client, {}, 'x')) });
    assert.deepEqual(namesIn(withTombstones([message, again, retraction])), ['retracted', 'retracted', 'retract']);
  });

  it('of private messages in a room each occupant’s is his own', () => {
    const room = parseJid('coven@chat.example.com/second');
    const said = (from: string, hints: number, id: string, child: ReturnType<typeof el>) =>
      entry({
        ...{ from, hints: hints | HINT.occupant },
        payload: Stanza.build('message', { type: 'chat', id, from: parseJid(from), to: owner }, child).encode(),
      });
    const body = el('body', RFC.client, {}, 'x');
    const first = said('coven@chat.example.com/first', 0, 'm1', body);
    const second = said(room, 0, 'm1', body);
    const retract = el('retract', NS.retraction, { id: 'm1' });
    const taken = said('coven@chat.example.com/first', HINT.retraction, 'r1', retract);
    assert.deepEqual(namesIn(withTombstones([first, second, taken])), ['retracted', 'body', 'retract']);
  });
});

for (const WorldClass of [MemoryWorld, ClusterWorld]) {
  describe(`retractions in a ${WorldClass.name}`, { timeout: 120_000 }, () => {
    let world: World;
    let archive: Archive;
    let sequence = 0;
    const alice = userOn(0, 'alice');

    beforeEach(async () => {
      world = await WorldClass.open(servers);
      archive = await world.start({
        env: { STARLING_RETRACT_ROWS_MAX: '20', STARLING_RETRACT_BYTES_MAX: '64KiB' },
      });
      await create(world.log, alice);
    });
    afterEach(async () => {
      world.db.fault = 'none';
      await archive.stop();
      await world.close();
    });

    interface Said {
      readonly from?: string;
      readonly to?: string;
      readonly copy?: Copy;
    }
    const said = (
      { from = ROMEO, to = alice, copy = COPY.received }: Said,
      hints: number,
      stanza: Stanza,
    ): EntryOptions => ({
      ...{ from, to, copy, hints, id: `e${++sequence}` },
      payload: stanza.with({ from: parseJid(from), to: parseJid(to) }).encode(),
    });
    const message = (id: string, of: Said = {}) =>
      append(
        world.log,
        alice,
        said(of, HINT.body, Stanza.build('message', { type: 'chat', id }, el('body', RFC.client, {}, `text of ${id}`))),
      );
    const retract = (target: string, id: string, of: Said = {}) =>
      append(
        world.log,
        alice,
        said(
          of,
          HINT.retraction,
          Stanza.build('message', { type: 'chat', id }, el('retract', NS.retraction, { id: target })),
        ),
      );
    /** id and content of the owner's entries, as readers of the log get them. */
    const read = async () => {
      const { entries } = await call(
        world.bus,
        methods.gap(streamOfUser(alice)),
        { user: alice, after: START, limit: 0 },
        TIMEOUT_MS,
      );
      return entries.flatMap(({ envelope }) => {
        const { kind, stanza } = decodeEnvelope(envelope);
        if (kind !== 1) return [];
        const decoded = Stanza.decode(stanza);
        const child = decoded.firstChild();
        return [`${decoded.id} ${child?.name} ${child?.attrs.id ?? ''}`.trim()];
      });
    };
    const written = (count: number) =>
      until(`${count} rows`, async () => {
        const [row] = await world
          .openDb()
          .query<{ n: number }>('select count(*)::int as n from archive where owner = $1', [alice]);
        return row?.n === count;
      });

    it('the message becomes a tombstone, the retraction stays', async () => {
      await message('m1');
      await message('m2');
      await written(2);
      await retract('m1', 'r1');
      await written(3);
      assert.deepEqual(await read(), ['m1 retracted r1', 'm2 body', 'r1 retract m1']);
      const rows = await world
        .openDb()
        .query<{ envelope: Uint8Array; fate: number }>('select envelope, fate from archive order by position');
      assert.deepEqual(
        rows.map((row) => row.fate),
        [FATE.archived, FATE.archived, FATE.archived],
      );
      assert.equal(
        rows.some((row) => Buffer.from(row.envelope).includes('text of m1')),
        false,
        'nothing of it is left',
      );
    });

    it('of what one batch holds, too; in the order of the log', async () => {
      await Promise.all([
        ...[message('m1'), retract('m1', 'r1'), message('m1'), message('m2'), retract('m2', 'r2'), retract('m2', 'r3')],
        retract('m9', 'r4'),
      ]);
      await written(7);
      assert.deepEqual(await read(), [
        ...['m1 retracted r1', 'r1 retract m1', 'm1 body'],
        ...['m2 retracted r2', 'r2 retract m2', 'r3 retract m2', 'r4 retract m9'],
      ]);
    });

    it('only the sender’s own, in the same conversation, in the archive of either side', async () => {
      await message('m1');
      await message('m1', { from: `${alice}/phone`, to: ROMEO, copy: COPY.sent });
      await retract('m1', 'r1', { from: 'tybalt@example.com/x' });
      await retract('m1', 'r2', { from: `${alice}/laptop`, to: 'nurse@example.com', copy: COPY.sent });
      await written(4);
      assert.deepEqual(await read(), ['m1 body', 'm1 body', 'r1 retract m1', 'r2 retract m1']);
      await retract('m1', 'r3', { from: `${alice}/laptop`, to: 'romeo@example.com', copy: COPY.sent });
      await written(5);
      assert.deepEqual((await read()).slice(0, 2), ['m1 body', 'm1 retracted r3']);
      await retract('m1', 'r4', { from: 'romeo@example.com/elsewhere' });
      await written(6);
      assert.deepEqual((await read()).slice(0, 2), ['m1 retracted r4', 'm1 retracted r3']);
    });

    it('one that is refused takes nothing back', async () => {
      await message('m1');
      await block(world.log, alice, 1, 'romeo@example.com');
      await retract('m1', 'r1');
      await message('m2', { from: 'nurse@example.com/x' });
      await written(2);
      assert.deepEqual(await read(), ['m1 body', 'm2 body']);
    });

    it('it is looked for among so many entries', async () => {
      await message('old');
      for (let i = 0; i < 10; i++) await message(`a${i}`);
      await retract('old', 'r1');
      await message('newer');
      for (let i = 0; i < 20; i++) await message(`b${i}`);
      await retract('newer', 'r2');
      await written(34);
      const all = await read();
      assert.equal(all[0], 'old retracted r1');
      assert.equal(all[12], 'newer body');
    });

    it('a message is found however often others refer to it, and whoever they are from', async () => {
      const mention = (of: Said, i: number) => {
        const { payload, ...rest } = said(
          of,
          HINT.body,
          Stanza.build(
            'message',
            { type: 'chat', id: `c${i}` },
            el('body', RFC.client, {}, 'corrected'),
            el('replace', 'urn:xmpp:message-correct:0', { id: 'm1' }),
          ),
        );
        // As most clients write it.
        const quoted = Buffer.from(
          Buffer.from(payload ?? [])
            .toString()
            .replaceAll("'", '"'),
        );
        return append(world.log, alice, { ...rest, payload: quoted });
      };
      await message('m1');
      for (let i = 0; i < 9; i++) await mention({}, i);
      for (let i = 0; i < 9; i++) await mention({ from: `${alice}/phone`, to: ROMEO, copy: COPY.sent }, i);
      await retract('m1', 'r1');
      await written(20);
      assert.equal((await read())[0], 'm1 retracted r1');
    });

    it('so many of their bytes are looked through, and of each its beginning only', async () => {
      const long = (id: string, bytes: number) =>
        append(
          world.log,
          alice,
          said(
            {},
            HINT.body,
            Stanza.build('message', { type: 'chat', id }, el('body', RFC.client, {}, 'x'.repeat(bytes))),
          ),
        );
      await message('old');
      await long('long', 200_000);
      await retract('long', 'r1');
      await written(3);
      assert.equal((await read())[1], 'long retracted r1');
      for (let i = 0; i < 3; i++) await long(`l${i}`, 100_000);
      await retract('l2', 'r2');
      await retract('old', 'r3');
      await written(8);
      const all = await read();
      assert.deepEqual([all[0], all[5]], ['old body', 'l2 retracted r2']);
    });

    it('more than one transaction takes', async () => {
      const count = 120;
      await Promise.all(Array.from({ length: count }, (_, i) => [message(`m${i}`), retract(`m${i}`, `r${i}`)]).flat());
      await written(2 * count);
      const all = await read();
      assert.equal(all.filter((entry) => entry.includes(' retracted ')).length, count);
    });

    it('ids are any text', async () => {
      const id = `'"<&> ü 张 ${'x'.repeat(200)}`;
      await message(id);
      await written(1);
      await retract(id, 'r1');
      await written(2);
      assert.equal((await read())[0], `${id} retracted r1`);
    });

    if (WorldClass === ClusterWorld)
      it('a page is not stable while a retraction is not written', async () => {
        await message('m1');
        await message('m2');
        await written(2);
        const first = async () => {
          const request = {
            ...{ with: '', ids: [], known: [], limit: 1, backwards: false, count: false },
            user: alice,
          };
          return (await call(world.bus, methods.page(streamOfUser(alice)), request, TIMEOUT_MS)).stable;
        };
        assert.equal(await first(), true);
        world.db.fault = 'read-only';
        await retract('m1', 'r1');
        assert.equal(await first(), false);
        world.db.fault = 'none';
        await written(3);
        await until('all is written', first);
      });

    if (WorldClass === ClusterWorld)
      it('readers see it while the database is away', async () => {
        await message('m1');
        await written(1);
        world.db.fault = 'away';
        await message('m2');
        await message('m3');
        await retract('m2', 'r2');
        const request = { user: alice, after: { epoch: 1, sequence: 2 }, limit: 0 };
        const gap = () => call(world.bus, methods.gap(streamOfUser(alice)), request, TIMEOUT_MS);
        await until('all is read', async () => (await gap()).entries.length === 3);
        const { entries } = await gap();
        const seen = entries.map(({ envelope }) => Stanza.decode(decodeEnvelope(envelope).stanza));
        assert.deepEqual(
          seen.map((stanza) => [stanza.id, stanza.firstChild()?.name]),
          [
            ['m2', 'retracted'],
            ['m3', 'body'],
            ['r2', 'retract'],
          ],
        );
        world.db.fault = 'none';
        await written(4);
      });
  });
}
