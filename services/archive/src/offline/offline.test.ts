import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { call, RpcError } from '@starling/bus';
import {
  ARCHIVE_DEFAULT,
  archive,
  COPY,
  decodeEnvelope,
  FATE,
  KIND,
  offline as methods,
  type Position,
  START,
  type WaitingReply,
  type WaitingRequest,
} from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Archive } from '../archive.ts';
import {
  append as appendTo,
  create,
  type EntryOptions,
  listen,
  prefer,
  remove,
  streamOfUser,
  until,
  userOn,
} from '../testing/entries.ts';
import { ClusterWorld, MemoryWorld, type Servers, startServers, type World } from '../testing/world.ts';

const TIMEOUT_MS = 5_000;
const idsOf = ({ entries }: WaitingReply) => entries.map(({ envelope }) => decodeEnvelope(envelope).id).join();
const at = (sequence: number): Position => ({ epoch: 1, sequence });

let servers: Servers;
before(async () => {
  servers = await startServers();
});
after(() => servers.stop());

for (const WorldClass of [MemoryWorld, ClusterWorld]) {
  describe(`XEP-0160 what waits, in a ${WorldClass.name}`, { timeout: 60_000 }, () => {
    let world: World;
    let archives: Archive[] = [];
    const alice = userOn(0, 'alice');
    /** Alice's last entry. */
    let last = 0;
    const append = async (options: EntryOptions) => {
      last = Math.max(last, await appendTo(world.log, alice, options));
      return last;
    };

    beforeEach(async () => {
      world = await WorldClass.open(servers);
      archives = [];
      last = 0;
    });
    afterEach(async () => {
      world.db.fault = 'none';
      await stop();
      await world.close();
    });
    const start = async (env: Record<string, string> = {}) => void archives.push(await world.start({ env }));
    const stop = async () => {
      for (const archive of archives.splice(0)) await archive.stop();
    };
    const waiting = (request: Partial<WaitingRequest> = {}, user: BareJid = alice) =>
      call(
        world.bus,
        methods.waiting(streamOfUser(user)),
        { user, session: 's1', sessions: ['s1', 's2'], passingOnly: false, upTo: at(last), ...request },
        TIMEOUT_MS,
      );
    const covered = (after: Position | undefined, upTo: Position, session = 's1', archivedOnly = false) =>
      call(
        world.bus,
        methods.covered(0),
        { covered: [{ user: alice, session, after, upTo, settled: !archivedOnly, ended: true, archivedOnly }] },
        TIMEOUT_MS,
      );
    const send = async (...ids: string[]) => {
      const sequences: number[] = [];
      for (const id of ids) sequences.push(await append({ id }));
      return sequences;
    };

    it('is what the account has received since it was made, in order, page by page', async () => {
      await start({ STARLING_GAP_ENTRIES_MAX: '2' });
      await append({ id: 'early' });
      await create(world.log, alice);
      await send('a');
      await append({ id: 'own', copy: COPY.sent });
      await send('b', 'c');
      const first = await waiting();
      assert.deepEqual([idsOf(first), first.complete], ['a,b', false]);
      const second = await waiting({ after: first.reached });
      assert.deepEqual([idsOf(second), second.complete], ['c', true]);
    });

    it('is not what a session has covered, nor what was beyond a hole', async () => {
      await start();
      await create(world.log, alice);
      const [a = 0, b = 0, c = 0, d = 0] = await send('a', 'b', 'c', 'd');
      assert.equal(idsOf(await waiting({ upTo: at(b) })), 'a,b');
      await covered(at(b), at(c));
      assert.equal(idsOf(await waiting({ after: undefined })), 'a,b');
      assert.equal(idsOf(await waiting({ after: at(b) })), 'd');
      await covered(undefined, at(a));
      assert.equal(idsOf(await waiting()), 'b');
      await stop();
      await start();
      assert.equal(idsOf(await waiting()), 'b');
      await covered(undefined, at(d));
      await stop();
      await start();
      assert.equal(idsOf(await waiting()), '');
    });

    it('is covered by who is told that nothing waits, without another word', async () => {
      await start();
      await create(world.log, alice);
      const [a = 0] = await send('a');
      assert.equal((await waiting()).covered, false, 'he has to say that it was delivered');
      assert.equal((await waiting({ after: at(a) })).covered, false, 'also behind the first page');
      await covered(undefined, at(a));
      assert.equal((await waiting({ passingOnly: true })).covered, false, 'what is in the archive may wait for others');
      assert.equal((await waiting()).covered, true);
      const [b = 0] = await send('b');
      const other = await waiting({ session: 's2', upTo: at(a) });
      assert.deepEqual([other.taken, other.covered], [false, true], 'it delivers no more');
      assert.equal(idsOf(await waiting({ session: 's2', upTo: at(b) })), 'b');
    });

    it('is for one session at a time, as long as that is there', async () => {
      await start();
      await create(world.log, alice);
      const [a = 0] = await send('a');
      assert.equal(idsOf(await waiting()), 'a');
      const other = await waiting({ session: 's2' });
      assert.deepEqual([idsOf(other), other.taken], ['', true]);
      const later = await waiting({ session: 's2', sessions: ['s2'] });
      assert.deepEqual([idsOf(later), later.taken], ['a', false]);
      await covered(undefined, at(a), 's2');
      assert.deepEqual([idsOf(await waiting()), idsOf(await waiting({ session: 's2' }))], ['', '']);
    });

    it('is only what is not in the archive, for who reads that', async () => {
      await start();
      await create(world.log, alice);
      await append({ id: 'archived' });
      await append({ id: 'passing', fate: FATE.passing });
      assert.equal(idsOf(await waiting({ passingOnly: true })), 'passing');
    });

    it('is not what somebody has read in the archive, but what is not in there', async () => {
      await start();
      await create(world.log, alice);
      await append({ id: 'p1', fate: FATE.passing });
      await append({ id: 'a1' });
      await append({ id: 'a2' });
      const page = last;
      await append({ id: 'p2', fate: FATE.passing });
      await append({ id: 'a3' });
      const left = async () => {
        const ids: string[] = [];
        for (let after: Position | undefined, complete = false; !complete; ) {
          const reply = await waiting({ after });
          ids.push(...idsOf(reply).split(',').filter(Boolean));
          after = reply.reached;
          complete = reply.complete;
        }
        return ids.join();
      };
      assert.equal(await left(), 'p1,a1,a2,p2,a3');
      await covered(at(page - 1), at(page), 's2', true);
      assert.equal(await left(), 'p1,a1,p2,a3');
      await covered(undefined, at(last), 's2', true);
      assert.equal(await left(), 'p1,p2');
      await stop();
      await start();
      assert.equal(await left(), 'p1,p2');
      await append({ id: 'a4' });
      assert.equal(await left(), 'p1,p2,a4');
      await covered(undefined, at(last));
      assert.equal(await left(), '');
    });

    it('XEP-0441 is passing if the preferences of then kept it out of the archive', async () => {
      await start();
      await create(world.log, alice);
      const never = (version: number, ...jids: string[]) =>
        prefer(world.log, alice, { version, fallback: ARCHIVE_DEFAULT.always, always: [], never: jids, roster: [] });
      await never(1, 'nurse@x');
      await append({ id: 'out', from: 'nurse@x/1' });
      last = await never(2);
      await append({ id: 'in', from: 'nurse@x/1' });
      const fates = (entries: WaitingReply['entries']) =>
        entries
          .map(({ envelope }) => decodeEnvelope(envelope))
          .flatMap(({ kind, fate }) => (kind === KIND.message ? [fate] : []));
      const { entries } = await waiting();
      assert.deepEqual(fates(entries), [FATE.passing, FATE.archived]);
      const gap = { user: alice, after: START, upTo: at(last), limit: 0 };
      assert.deepEqual(fates((await call(world.bus, archive.gap(0), gap, TIMEOUT_MS)).entries), [
        FATE.passing,
        FATE.archived,
      ]);
    });

    it('is written down only when something was received: a login and its end are no row', async () => {
      await start();
      await create(world.log, alice);
      const [a = 0] = await send('a');
      await covered(undefined, at(a));
      const rows = () => world.openDb().query('select position from archive_offline where owner = $1', [alice]);
      const written = await rows();
      await append({ id: 'own', copy: COPY.sent });
      assert.equal(idsOf(await waiting()), '', 'and that entry is written');
      await covered(at(a), at(last));
      assert.deepEqual([written.length, await rows()], [1, written]);
      await stop();
      await start();
      assert.equal(idsOf(await waiting()), '');
      const [b = 0] = await send('b');
      await covered(at(a), at(b));
      assert.notDeepEqual(await rows(), written);
      await stop();
      await start();
      assert.equal(idsOf(await waiting()), '');
    });

    it('of a removed account is nothing for the next of that name', async () => {
      await start();
      await create(world.log, alice);
      const [a = 0] = await send('a');
      await covered(undefined, at(a));
      await send('b');
      await remove(world.log, alice);
      const [row] = await world.openDb().query('select from archive_offline where owner = $1', [alice]);
      await create(world.log, alice);
      assert.equal(idsOf(await waiting()), '');
      assert.equal(row === undefined || (await world.openDb().query('select from archive_offline')).length === 0, true);
      await send('c');
      assert.equal(idsOf(await waiting()), 'c');
    });

    it('cannot be told without the database', async () => {
      await start();
      await create(world.log, alice);
      await send('a');
      world.db.fault = 'away';
      await assert.rejects(waiting(), (e) => e instanceof RpcError && e.condition === 'resource-constraint');
      world.db.fault = 'none';
      assert.equal(idsOf(await waiting()), 'a');
    });

    it('is known to be nothing without the database, of who was here a moment ago', async () => {
      await start();
      await create(world.log, alice);
      await append({ id: 'one' });
      assert.equal(idsOf(await waiting()), 'one');
      await covered(undefined, at(last));
      await append({ id: 'sent', copy: COPY.sent });
      assert.equal(idsOf(await waiting()), '');
      world.db.fault = 'away';
      assert.equal(idsOf(await waiting()), '');
      world.db.fault = 'none';
      await append({ id: 'two' });
      assert.equal(idsOf(await waiting()), 'two');
    });

    it('of a resource that has gone is for the others, once more in the log and not in the archive', async () => {
      await start();
      await create(world.log, alice);
      const resource = '不上'; // of U+4E0D and U+4E0A the low bytes are CR and LF, which end a header
      const phone = `${alice}/${resource}`;
      await append({ id: 'got', to: phone });
      const got = last;
      await append({ id: 'owed', to: phone });
      const owed = last;
      await append({ id: 'all' });
      await append({ id: 'desk', to: `${alice}/desk` });
      await append({ id: 'sent', copy: COPY.sent, to: phone });
      await append({ id: 'groupchat', type: 'groupchat', to: phone });
      await append({ id: 'passing', fate: FATE.passing, to: phone });
      await covered(undefined, at(last));
      const tell = () =>
        call(world.bus, methods.owed(0), { user: alice, resource, after: at(got), others: true }, TIMEOUT_MS);
      await tell();
      await tell(); // changes nothing
      const { entries } = await waiting({ upTo: undefined });
      const found = entries.map(({ envelope }) => decodeEnvelope(envelope));
      assert.deepEqual(
        found.map(({ to, fate, repeatsSequence }) => [to, fate, repeatsSequence]),
        [
          [alice, FATE.passing, owed],
          [alice, FATE.passing, 0],
        ],
      );
      assert.match(Buffer.from(found[0]?.stanza ?? []).toString(), /<delay xmlns='urn:xmpp:delay' from='example.com'/);
    });

    it('has a bound: over it senders hear so, until there is room', async () => {
      await start({ STARLING_OFFLINE_MAX: '10', STARLING_OFFLINE_WRITE_INTERVAL: '1s' });
      await create(world.log, alice);
      const sender = userOn(1, 'sender');
      const heard = listen(world.bus, sender);
      let sequence = 0;
      const sendOne = async () => {
        sequence = await append({ from: `${sender}/phone` });
      };
      await until('the first error', async () => {
        await sendOne();
        return heard.length > 0;
      });
      const [error] = heard;
      assert.match(Buffer.from(error?.stanza ?? []).toString(), /<service-unavailable/);
      const count = async () => (await world.openDb().query('select from archive where owner = $1', [alice])).length;
      const full = await count();
      assert.ok(full >= 10);
      await sendOne();
      await until('another error', () => heard.length > 1);
      assert.equal(await count(), full);
      // Who is there now sees what comes next: it must not be refused.
      await waiting({ upTo: at(sequence) });
      await sendOne();
      await until('it is written', async () => (await count()) === full + 1);
      await covered(undefined, at(sequence));
      await until('there is room again', async () => {
        await sendOne();
        return (await count()) > full + 1;
      });
      const before = heard.length;
      await until('the bound again', async () => {
        await sendOne();
        return heard.length > before;
      });
      const again = await count();
      await covered(undefined, at(sequence), 's2', true);
      await until('what was read in the archive makes room, too', async () => {
        await sendOne();
        return (await count()) > again;
      });
    });
  });
}
