import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { decodeMembership, groups, subjects } from '@starling/contracts';
import { MetricsRegistry, silentLogger } from '@starling/runtime';
import type { GroupView, GroupWatch, Membership } from './group.ts';
import { joinGroup } from './join-group.ts';
import { settle } from './testing/fake-clock.ts';
import { configOf, FakeWorld } from './testing/world.ts';

// The defaults: a heartbeat a second, dead after 3 s, fenced after 2.5 s.
const DEAD_MS = 3_000;
const FENCED_MS = 2_500;
/** Dead, noticed at the next tick, jitter, and the change. */
const EVICTED_MS = DEAD_MS + 1_000;

const KEY = subjects.membership(groups.presence);
const idsOf = ({ members }: GroupView) => members.map(({ id }) => id).join(' ');

describe('a group', () => {
  let world: FakeWorld;
  beforeEach(() => {
    world = new FakeWorld();
  });
  afterEach(() => world.bus.close());
  const pass = (ms: number) => world.time.pass(ms);

  /** What a member was told, in order. */
  function record(membership: Membership): string[] {
    const told: string[] = [];
    membership.onChange((view) => told.push(`${view.epoch}: ${idsOf(view)}${membership.mayAct() ? '' : ' (fenced)'}`));
    membership.onLost(() => told.push('lost'));
    return told;
  }

  it('has its first member at once', async () => {
    const { membership } = await world.member('a');
    assert.equal(membership.mayAct(), true);
    assert.equal(membership.isFenced, false);
    assert.deepEqual([membership.epoch, idsOf(membership)], [1, 'a']);
    assert.ok(membership.isCurrent('a', membership.incarnation));
    assert.ok(!membership.isCurrent('a', 'other') && !membership.isCurrent('b', membership.incarnation));
  });

  it('tells all of who comes and who leaves, without delay', async () => {
    const { membership: a } = await world.member('a');
    const told = record(a);
    const { membership: c } = await world.member('c');
    await settle();
    const { membership: b } = await world.member('b');
    await settle();
    await b.close();
    await settle();
    assert.deepEqual(told, ['2: a c', '3: a b c', '4: a c']);
    assert.deepEqual([idsOf(c), c.epoch, b.mayAct()], ['a c', 4, false]);
    await pass(10 * DEAD_MS);
    assert.deepEqual([a.epoch, a.mayAct(), c.mayAct()], [4, true, true]);
  });

  it('removes a member that is dead, after its time and not before', async () => {
    const { membership: a } = await world.member('a');
    const { process } = await world.member('b');
    const { membership: c } = await world.member('c');
    await pass(5_000);
    const before = a.epoch;
    process.kill();
    await pass(DEAD_MS - 1_000);
    assert.equal(idsOf(a), 'a b c');
    await pass(EVICTED_MS - DEAD_MS + 1_000);
    assert.deepEqual([idsOf(a), idsOf(c)], ['a c', 'a c']);
    assert.equal(a.epoch, before + 1, 'two that notice it at once change the document once');
  });

  it('removes several that die at the same time', async () => {
    const { membership: a } = await world.member('a');
    const others = [await world.member('b'), await world.member('c'), await world.member('d')];
    await pass(2_000);
    for (const { process } of others) process.kill();
    await pass(EVICTED_MS);
    assert.equal(idsOf(a), 'a');
    assert.equal(a.mayAct(), true);
  });

  it('a stopped member knows that it is out before it does anything, and comes back as another', async () => {
    const { membership: a } = await world.member('a');
    const { process, membership: b } = await world.member('b');
    await pass(2_000);
    const old = b.incarnation;
    const told = record(b);
    // Asked by the first thing that the process does when it runs again: a message that had arrived.
    const answers: boolean[] = [];
    process.bus.subscribe(subjects.heartbeat(groups.presence), () => answers.push(b.mayAct()));
    process.pause();
    await pass(10_000);
    assert.equal(idsOf(a), 'a');
    assert.ok(!a.isCurrent('b', old));
    process.resume();
    assert.ok(answers.length > 0 && answers.every((answer) => !answer));
    assert.notEqual(b.incarnation, old);
    await pass(1_000);
    assert.ok(b.mayAct());
    assert.equal(idsOf(a), 'a b');
    assert.ok(a.isCurrent('b', b.incarnation) && !a.isCurrent('b', old));
    assert.equal(told[0], 'lost');
    assert.equal(told.at(-1), `${b.epoch}: a b`);
    assert.equal(told.filter((line) => line === 'lost').length, 1);
  });

  it('a stopped member declares nobody dead when it runs again', async () => {
    const { membership: a } = await world.member('a');
    const { process } = await world.member('b');
    const { membership: c } = await world.member('c');
    await pass(2_000);
    const [incarnationOfA, incarnationOfC] = [a.incarnation, c.incarnation];
    process.pause();
    await pass(20_000);
    process.resume();
    await pass(10_000);
    assert.deepEqual([a.incarnation, c.incarnation], [incarnationOfA, incarnationOfC]);
    assert.equal(idsOf(a), 'a b c');
  });

  it('all stopped at once, and one for longer: they find each other again', async () => {
    const members = [await world.member('a'), await world.member('b'), await world.member('c')];
    await pass(2_000);
    for (const { process } of members) process.pause();
    await pass(30_000);
    members[0]?.process.resume();
    members[1]?.process.resume();
    await pass(EVICTED_MS);
    assert.deepEqual(
      members.map(({ membership }) => membership.mayAct()),
      [true, true, false],
    );
    members[2]?.process.resume();
    await pass(2_000);
    for (const { membership } of members) assert.ok(membership.mayAct() && idsOf(membership) === 'a b c');
    const epoch = members[0]?.membership.epoch;
    await pass(20_000);
    assert.equal(members[0]?.membership.epoch, epoch, 'and then nothing changes any more');
  });

  it('a member that is cut off stops acting before the others take its place', async () => {
    const { membership: a } = await world.member('a');
    const { process, membership: b } = await world.member('b');
    await pass(2_000);
    process.cut();
    let overlap = 0;
    let fencedAtMs = 0;
    for (let ms = 0; ms < 10_000; ms += 50) {
      await pass(50);
      if (b.mayAct() && idsOf(a) === 'a') overlap++;
      if (!b.mayAct() && fencedAtMs === 0) fencedAtMs = ms + 50;
    }
    assert.equal(overlap, 0);
    assert.ok(fencedAtMs <= FENCED_MS + 50, `after ${fencedAtMs} ms`);
    assert.equal(idsOf(a), 'a');
    process.reconnect();
    await pass(2_000);
    assert.ok(b.mayAct());
    assert.equal(idsOf(a), 'a b');
  });

  it('goes on through a moment without the bus', async () => {
    const { membership: a } = await world.member('a');
    const { process, membership: b } = await world.member('b');
    await pass(2_000);
    const { incarnation } = b;
    process.cut();
    await pass(1_200);
    process.reconnect();
    await pass(10_000);
    assert.deepEqual([b.incarnation, b.mayAct(), idsOf(a)], [incarnation, true, 'a b']);
  });

  it('bears a record that cannot be asked for, and catches up', async () => {
    const { process, membership: a } = await world.member('a');
    const { process: dead } = await world.member('b');
    await pass(2_000);
    process.records.isAway = true;
    dead.kill();
    await pass(10_000);
    assert.deepEqual([idsOf(a), a.mayAct()], ['a b', true]);
    process.records.isAway = false;
    await pass(1_000);
    assert.equal(idsOf(a), 'a');
  });

  it('takes the place of its predecessor under the same id at once', async () => {
    const { membership: a } = await world.member('a');
    const { process: dead, membership: old } = await world.member('b');
    await pass(1_000);
    dead.kill();
    const { membership: next } = await world.member('b');
    await settle();
    assert.ok(a.isCurrent('b', next.incarnation) && !a.isCurrent('b', old.incarnation));
    assert.equal(idsOf(a), 'a b');
    await pass(10_000);
    assert.equal(a.epoch, 3);
    assert.ok(next.mayAct());
  });

  it('two living processes under one id: the later one has it, the earlier one waits until it is gone', async () => {
    const { membership: first } = await world.member('a');
    const told = record(first);
    const { membership: second } = await world.member('a');
    await pass(20_000);
    assert.deepEqual([first.mayAct(), second.mayAct(), second.epoch], [false, true, 2]);
    assert.deepEqual(told, ['lost', '2: a (fenced)']);
    await second.close();
    await pass(2_000);
    assert.equal(first.mayAct(), true);
    assert.ok(first.isCurrent('a', first.incarnation));
  });

  it('a joining whose answer is lost comes to its end all the same', async () => {
    const { membership: a } = await world.member('a');
    const process = world.process();
    process.records.isMute = true;
    const joining = process.join('b');
    await pass(1_500);
    process.records.isMute = false;
    await pass(1_500);
    const b = await joining;
    assert.ok(b.mayAct());
    assert.ok(a.isCurrent('b', b.incarnation));
    assert.equal(idsOf(a), 'a b');
  });

  it('refuses to start when the document cannot be written in time', async () => {
    const process = world.process();
    process.records.isAway = true;
    const joining = assert.rejects(process.join('a', { STARLING_JOIN_TIMEOUT: '5s' }), {
      name: 'RecordsUnavailableError',
    });
    await pass(7_000);
    await joining;
  });

  it('refuses times that do not fit together', async () => {
    const process = world.process();
    await assert.rejects(process.join('a', { STARLING_DEAD_AFTER: '2s' }), { name: 'ConfigError' });
    await assert.rejects(process.join('a', { STARLING_FENCE_MARGIN: '1500ms' }), { name: 'ConfigError' });
  });

  it('survives the loss of the document: epochs go on', async () => {
    const a = await world.member('a');
    const b = await world.member('b');
    await pass(2_000);
    const epoch = a.membership.epoch;
    await world.records.remove(KEY, (await world.records.get(KEY))?.revision ?? 0);
    a.process.bus.reconnect();
    b.process.bus.reconnect();
    await pass(5_000);
    assert.deepEqual([idsOf(a.membership), idsOf(b.membership)], ['a b', 'a b']);
    assert.ok(a.membership.epoch > epoch && a.membership.mayAct() && b.membership.mayAct());
  });

  it('many come and go at once: everybody ends with the same view', async () => {
    const ids = Array.from({ length: 12 }, (_, i) => `m${10 + i}`);
    const joining = ids.map((id) => world.member(id));
    await pass(3_000);
    const members = await Promise.all(joining);
    await pass(2_000);
    for (const { membership } of members) assert.equal(idsOf(membership), ids.join(' '));
    const leaving = members.slice(0, 6).map(({ membership }) => membership.close());
    await pass(3_000);
    await Promise.all(leaving);
    for (const { membership } of members.slice(6)) assert.equal(idsOf(membership), ids.slice(6).join(' '));
  });

  it('counts what it does', async () => {
    const { process, membership } = await world.member('a');
    const { process: dead } = await world.member('b');
    await pass(2_000);
    dead.kill();
    await pass(EVICTED_MS);
    const text = await process.metrics.scrape();
    for (const line of [
      `starling_owners_epoch{group="presence"} ${membership.epoch}`,
      'starling_owners_members{group="presence"} 1',
      'starling_owners_fenced{group="presence"} 0',
      'starling_owners_evictions_total{group="presence"} 1',
    ])
      assert.ok(text.includes(line), line);
  });

  describe('an observer', () => {
    const watch = (evict = false) => {
      const process = world.process();
      return process.watch(evict).then((observer: GroupWatch) => ({ process, observer }));
    };

    it('sees the members, and is none', async () => {
      const { membership: a } = await world.member('a');
      const { observer } = await watch();
      assert.equal(idsOf(observer), 'a');
      assert.ok(observer.isCurrent('a', a.incarnation));
      const views: string[] = [];
      const undo = observer.onChange((view) => views.push(idsOf(view)));
      await world.member('b');
      await settle();
      undo();
      await world.member('c');
      await settle();
      assert.deepEqual(views, ['a b']);
      assert.equal(idsOf(a), 'a b c');
      await observer.close();
    });

    it('begins without a document, and without records', async () => {
      const process = world.process();
      process.records.isAway = true;
      const observer = await process.watch(false);
      assert.deepEqual([observer.epoch, idsOf(observer)], [0, '']);
      await world.member('a');
      await pass(1_000);
      process.records.isAway = false;
      await pass(1_500);
      assert.equal(idsOf(observer), 'a');
    });

    it('that has missed the word of a change learns it from the next heartbeat', async () => {
      await world.member('a');
      const { process, observer } = await watch();
      process.bus.cut();
      await world.member('b');
      await settle();
      assert.equal(idsOf(observer), 'a');
      process.records.isAway = false;
      // The connection was never lost, a message was: nobody says so.
      process.bus.restore();
      await pass(1_100);
      assert.equal(idsOf(observer), 'a b');
    });

    it('reads the document after a reconnect', async () => {
      const { membership } = await world.member('a');
      const { process, observer } = await watch();
      process.cut();
      await membership.close();
      await settle();
      process.reconnect();
      await settle();
      assert.equal(idsOf(observer), '');
    });

    it('removes the dead when it may, the last member too; and when not, not', async () => {
      const { process: dead } = await world.member('a');
      const { observer: other } = await watch(false);
      await pass(2_000);
      dead.kill();
      await pass(2 * EVICTED_MS);
      assert.equal(idsOf(other), 'a');
      const { observer } = await watch(true);
      await pass(DEAD_MS - 500);
      assert.equal(idsOf(observer), 'a', 'it listens for the whole time first');
      await pass(EVICTED_MS);
      assert.deepEqual([idsOf(observer), idsOf(other)], ['', '']);
    });

    it('tells a member that missed its own removal', async () => {
      const { process, membership } = await world.member('a');
      await watch(true);
      await pass(2_000);
      const old = membership.incarnation;
      // It hears itself, but nobody hears it, and it does not hear of its end.
      process.bus.whisper();
      await pass(EVICTED_MS + 1_000);
      assert.equal(membership.incarnation, old);
      process.bus.restore();
      await pass(4_000);
      assert.notEqual(membership.incarnation, old);
      assert.ok(membership.mayAct());
    });

    it('learns of an epoch from whoever spoke of it', async () => {
      const { observer } = await watch();
      world.bus.publish = () => {};
      await world.member('a');
      await settle();
      assert.equal(idsOf(observer), '');
      observer.noticeEpoch(1);
      await settle();
      assert.equal(idsOf(observer), 'a');
    });
  });

  it('in real time: joining takes none', async () => {
    const startedAtMs = performance.now();
    const membership = await joinGroup({
      bus: world.bus,
      records: world.records,
      group: groups.presence,
      id: 'a',
      config: configOf(),
      logger: silentLogger,
      metrics: new MetricsRegistry(),
    });
    assert.ok(membership.mayAct());
    assert.ok(performance.now() - startedAtMs < 500);
    await membership.close();
    assert.deepEqual(decodeMembership((await world.records.get(KEY))?.value ?? new Uint8Array(0)).members, []);
  });
});
