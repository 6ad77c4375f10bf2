import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SESSION_STATE, type SessionEvent } from '@starling/contracts';
import { Sessions } from './sessions.ts';
import { Tallies } from './tallies.ts';

const USER = 'juliet@example.com';
const edge = { id: 'edge-1', incarnation: 'i1' };
const other = { id: 'edge-2', incarnation: 'i2' };

const event = (of: Partial<SessionEvent> = {}): SessionEvent => ({
  user: USER,
  resource: 'balcony',
  session: 's1',
  state: SESSION_STATE.available,
  priority: 0,
  boundAt: 100,
  stamp: 200,
  presence: Buffer.from('/>'),
  ended: false,
  directed: [],
  carbons: false,
  windowMs: 0,
  epoch: 0,
  ...of,
});

test('an unknown session is believed; then it comes, changes and goes', () => {
  const sessions = new Sessions(USER, new Tallies());
  const come = sessions.apply(event(), edge);
  assert.equal(come.table, true);
  assert.equal(come.arrived?.jid, `${USER}/balcony`);
  assert.deepEqual(sessions.edges, ['edge-1']);
  const away = sessions.apply(event({ stamp: 201, presence: Buffer.from('><show>away</show></presence>') }), edge);
  assert.deepEqual([away.table, away.arrived, away.updated?.stamp], [false, undefined, 201]);
  const gone = sessions.apply(event({ stamp: 202, state: SESSION_STATE.connected }), edge);
  assert.equal(gone.table, true);
  assert.deepEqual(
    gone.departures.map(({ jid, stamp, wasAvailable, isEnded }) => [jid, stamp, wasAvailable, isEnded]),
    [[`${USER}/balcony`, 202, true, false]],
  );
  assert.deepEqual([sessions.edges, sessions.hasAvailable], [['edge-1'], false]);
  const end = sessions.apply(event({ stamp: 202, state: SESSION_STATE.connected, ended: true }), edge);
  assert.deepEqual([end.table, end.departures.length, sessions.size], [true, 0, 0]);
});

test('of what is not newer only priority, carbons and directed presence count', () => {
  const sessions = new Sessions(USER, new Tallies());
  sessions.apply(event(), edge);
  const same = sessions.apply(event({ directed: ['nurse@example.com'] }), edge);
  assert.deepEqual([same.table, same.updated], [false, undefined]);
  assert.deepEqual(sessions.get('balcony')?.directed, ['nurse@example.com']);
  assert.equal(sessions.apply(event({ priority: 5 }), edge).table, true);
  const copied = event({ priority: 5, carbons: true });
  assert.deepEqual([sessions.apply(copied, edge).table, sessions.table()[0]?.carbons], [true, true]);
  assert.equal(sessions.apply(copied, edge).table, false);
  sessions.apply(event({ priority: 5 }), edge);
  const older = sessions.apply(event({ stamp: 150, state: SESSION_STATE.connected, priority: 5 }), edge);
  assert.deepEqual([older.table, older.departures.length], [false, 0]);
});

test('the later bind has the resource, in whatever order events come', () => {
  const sessions = new Sessions(USER, new Tallies());
  sessions.apply(event(), edge);
  const { row, change } = sessions.bind({ resource: 'balcony', session: 's2', edge: other }, 150, 0);
  assert.equal(row.boundAt, 201, 'later than every stamp of the one before');
  assert.deepEqual(
    change.departures.map(({ stamp, isEnded }) => [stamp, isEnded]),
    [[200, true]],
    'an owner makes no stamp',
  );
  const late = sessions.apply(event({ stamp: 300 }), edge);
  assert.deepEqual([late.table, late.arrived], [true, undefined], 'its edge has to see the table');
  assert.deepEqual(sessions.apply(event({ ended: true, stamp: 301 }), edge).departures, []);
  assert.equal(sessions.get('balcony')?.session, 's2');
  const newer = sessions.apply(event({ session: 's3', boundAt: 500, stamp: 501 }), edge);
  assert.equal(newer.arrived?.session, 's3');
});

test('the same bind again has the same answer', () => {
  const sessions = new Sessions(USER, new Tallies());
  const bind = { resource: 'balcony', session: 's1', edge };
  const first = sessions.bind(bind, 100, 0).row.boundAt;
  const again = sessions.bind(bind, 900, 0);
  assert.deepEqual([again.row.boundAt, again.change.table, sessions.size], [first, false, 1]);
});

test('a bind is later than a resource that has gone', () => {
  assert.equal(
    new Sessions(USER, new Tallies()).bind({ resource: 'r', session: 's', edge }, 100, 5_000).row.boundAt,
    5_001,
  );
});

test('RFC 6121 §4.6.3: directed presence is revoked, also by who was never available', () => {
  const sessions = new Sessions(USER, new Tallies());
  sessions.bind({ resource: 'balcony', session: 's1', edge }, 100, 0);
  const connected = { state: SESSION_STATE.connected, stamp: 0, presence: new Uint8Array(0) };
  sessions.apply(event({ ...connected, directed: ['nurse@example.com'] }), edge);
  const row = sessions.get('balcony');
  assert.ok(row);
  const [departure] = sessions.lose(row).departures;
  assert.deepEqual([departure?.wasAvailable, departure?.directed], [false, ['nurse@example.com']]);
});

test('an end of which nothing was known is told: somebody may have seen its beginning', () => {
  const sessions = new Sessions(USER, new Tallies());
  assert.equal(sessions.apply(event({ ended: true, stamp: 300 }), edge).departures.length, 1);
  assert.equal(sessions.apply(event({ ended: true, stamp: 0 }), edge).departures.length, 0);
  assert.equal(sessions.size, 0);
});

test('a detached session is as available as it was', () => {
  const sessions = new Sessions(USER, new Tallies());
  sessions.apply(event(), edge);
  const detached = sessions.apply(event({ state: SESSION_STATE.detached }), edge);
  assert.deepEqual([detached.table, detached.departures.length, sessions.hasAvailable], [true, 0, true]);
  assert.equal(sessions.apply(event({ state: SESSION_STATE.available }), other).table, true);
  assert.deepEqual(sessions.edges, ['edge-2']);
});
