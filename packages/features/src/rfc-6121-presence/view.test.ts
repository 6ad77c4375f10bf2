import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PresenceView, type Shown } from './view.ts';

const ROMEO = 'romeo@example.net/orchard';
const NOW = Date.now();
/** `after`: ms behind the beginning of the tests. */
const shown = (after: number, how: Partial<Shown> = {}): Shown => ({
  from: ROMEO,
  stamp: NOW + after,
  unavailable: false,
  always: false,
  ...how,
});
const on = (after: number) => shown(after);
const again = (after: number) => shown(after, { always: true });
const off = (after: number) => shown(after, { unavailable: true });
const offAlways = (after: number) => shown(after, { unavailable: true, always: true });

const TABLE: readonly (readonly [string, readonly Shown[], readonly boolean[]])[] = [
  ['each once', [on(1), on(1)], [true, false]],
  ['a newer one', [on(1), on(2)], [true, true]],
  ['never an older one behind a newer one', [on(2), on(1)], [true, false]],
  ['nor when it is always wanted', [on(2), again(1)], [true, false]],
  ['who has come back is no news to whom he never left', [on(1), again(1)], [true, false]],
  ['the end of what was shown, once', [on(1), off(1), off(1)], [true, true, false]],
  ['the end of an older one is void', [on(2), off(1)], [true, false]],
  ['an end of what was never shown', [off(1)], [false]],
  ['unless it is always wanted', [offAlways(1)], [true]],
  ['which ends a newer one too', [on(2), offAlways(1), on(2)], [true, true, false]],
  ['what has ended does not come back by an older one', [on(1), on(2), off(2), on(1)], [true, true, true, false]],
  ['nor by itself', [on(1), off(1), on(1)], [true, true, false]],
  ['save when somebody says so', [on(1), off(1), again(1)], [true, true, true]],
  ['nor when its end has come before it', [off(2), on(1)], [false, false]],
  ['nor behind a second end', [on(1), off(1), off(3), on(2)], [true, true, false, false]],
  ['a newer one begins again', [on(1), off(1), on(2)], [true, true, true]],
];

for (const [title, presences, expected] of TABLE) {
  test(title, () => {
    const view = new PresenceView(100);
    assert.deepEqual(
      presences.map((p) => view.show(p)),
      expected,
    );
  });
}

test('a client that asks hears what it has been shown', () => {
  const view = new PresenceView(100);
  assert.deepEqual(
    [again(2), again(2), on(2), again(1)].map((p) => view.showAsked(p)),
    [true, true, false, false],
  );
});

test('who is available, and by which stamp', () => {
  const view = new PresenceView(100);
  view.show(on(5));
  view.show({ ...on(6), from: 'a@b/c' });
  view.show({ ...off(7), from: 'a@b/c' });
  assert.deepEqual([...view.available()], [[ROMEO, NOW + 5]]);
  assert.equal(view.stampOf(ROMEO), NOW + 5);
  assert.equal(view.stampOf('a@b/c'), undefined);
  assert.equal(view.stampOf('x@y/z'), undefined);
});

test('who becomes unavailable sees only himself, and then not even that', () => {
  const view = new PresenceView(100);
  view.show(on(5));
  view.show({ ...on(6), from: 'a@b/c' });
  view.keepOnly(ROMEO);
  assert.deepEqual([...view.available()], [[ROMEO, NOW + 5]]);
  assert.equal(view.show(off(6)), true);
  view.keepOnly(ROMEO);
  assert.equal(view.size, 0);
});

test('beyond its bound it shows and forgets', () => {
  const view = new PresenceView(1);
  view.show(on(1));
  assert.equal(view.show({ ...on(1), from: 'a@b/c' }), true);
  assert.equal(view.size, 1);
});

test('an end that is contradicted for long was wrong', () => {
  const view = new PresenceView(100);
  const MINUTE = 60_000;
  assert.deepEqual(
    [on(-2 * MINUTE), off(-MINUTE - 1), on(-2 * MINUTE), on(-2 * MINUTE)].map((p) => view.show(p)),
    [true, true, true, false],
  );
  assert.equal(view.stampOf(ROMEO), NOW - 2 * MINUTE);
});

test('those who have gone are forgotten after a while', () => {
  const view = new PresenceView(10_000);
  for (let i = 0; i < 5_000; i++) {
    const from = `u${i}@example.net/r`;
    const stamp = 1_000 * i + 1;
    view.show({ ...on(stamp), from });
    view.show({ ...off(stamp), from });
  }
  assert.ok(view.size < 200, String(view.size));
});

test('property: in whichever order and how often presences come, the client ends with the newest', () => {
  const arrivals = fc
    .uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 12 })
    .chain((stamps) =>
      fc.tuple(
        fc.shuffledSubarray([...stamps, ...stamps], { minLength: stamps.length }),
        fc.constant(Math.max(...stamps)),
        fc.boolean(),
      ),
    );
  fc.assert(
    fc.property(arrivals, ([order, newest, ends]) => {
      const view = new PresenceView(100);
      const heard: number[] = [];
      for (const stamp of [...order, newest]) if (view.show(on(stamp))) heard.push(stamp);
      assert.deepEqual(
        heard,
        [...heard].sort((a, b) => a - b),
      );
      assert.equal(heard.at(-1), newest);
      if (!ends) return;
      assert.equal(view.show(off(newest)), true);
      for (const stamp of order) assert.equal(view.show(on(stamp)), false);
    }),
  );
});
