import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SESSION_STATE, type SessionTable } from '@starling/contracts';
import { makeBareJid } from '@starling/jid';
import fc from 'fast-check';
import type { ClientSession } from './session.ts';
import { makeSession } from './testing/session.ts';
import { UserSessions } from './user-sessions.ts';

const ROMEO = makeBareJid('romeo', 'localhost');
let sessions = 0;

function session(resource: string): ClientSession {
  return makeSession({ resource, id: `s${sessions++}` }).session;
}

function table(edge: string, version: number, ...rows: readonly (readonly [string, number])[]): SessionTable {
  const made = rows.map(([resource, boundAt]) => ({
    ...{ resource, boundAt, session: `${edge}-${resource}`, state: SESSION_STATE.available, priority: 0 },
  }));
  return { user: ROMEO, edge, version, rows: made, ask: false };
}

describe('a user’s sessions', () => {
  it('are those of this edge and of all others', () => {
    const here = new UserSessions('a');
    here.add(session('phone'));
    here.learn(table('b', 1, ['laptop', 1], ['tablet', 1]));
    here.learn(table('c', 1, ['desk', 1]));
    assert.deepEqual(here.rows.map((r) => r.resource).sort(), ['desk', 'laptop', 'phone', 'tablet']);
    assert.equal(here.has('desk'), true);
    here.learn(table('b', 2, ['laptop', 1]));
    here.learn(table('c', 2));
    assert.deepEqual(here.rows.map((r) => r.resource).sort(), ['laptop', 'phone']);
    assert.equal(here.has('desk'), false);
  });

  it('an older table says nothing, and closes nobody', () => {
    const here = new UserSessions('a');
    const own = session('phone');
    here.add(own);
    here.learn(table('b', 5));
    here.learn(table('b', 6, ['laptop', 1]));
    assert.deepEqual(here.learn(table('b', 6, ['phone', own.boundAt + 1_000])), []);
    assert.deepEqual(here.learn(table('b', 2, ['phone', own.boundAt + 1_000])), []);
    assert.equal(here.rows.length, 2);
  });

  it('a change of a session shows in the next table, and in the rows behind it', () => {
    const here = new UserSessions('a');
    const own = session('phone');
    here.add(own);
    assert.equal(here.rows[0]?.priority, 0);
    own.priority = 7;
    assert.equal(here.table(ROMEO, false).rows[0]?.priority, 7);
    assert.equal(here.rows[0]?.priority, 7);
  });

  it('versions rise, also within a millisecond', () => {
    const here = new UserSessions('a');
    const versions = Array.from({ length: 5 }, () => here.table(ROMEO, false).version);
    assert.deepEqual(
      versions,
      [...new Set(versions)].sort((x, y) => x - y),
    );
  });

  it('the newer session of a resource here takes the older one’s place', () => {
    const here = new UserSessions('a');
    const [older, newer] = [session('phone'), session('phone')];
    assert.equal(here.add(older), undefined);
    assert.equal(here.add(newer), older);
    assert.ok(newer.boundAt > older.boundAt);
    assert.equal(here.remove(older), false, 'the end of the older one takes nothing away');
    assert.deepEqual(
      here.rows.map((r) => r.session),
      [newer.id],
    );
    assert.equal(here.remove(newer), true);
    assert.equal(here.rows.length, 0);
  });

  it('a clock that is behind does not make a newer session the older one', () => {
    const here = new UserSessions('a');
    here.add(session('other'));
    const ahead = Date.now() + 60_000;
    here.learn(table('b', 1, ['phone', ahead]));
    const own = session('phone');
    here.add(own);
    assert.equal(own.boundAt, ahead + 1);
  });

  it('property: of two edges’ equal resources exactly one stays, whatever the clocks and the order of arrival', () => {
    const resource = fc.constantFrom('phone', 'laptop', 'desk');
    const bind = fc.record({ resource, at: fc.integer({ min: 1, max: 3 }) });
    const side = fc.uniqueArray(bind, { maxLength: 3, selector: (b) => b.resource });
    fc.assert(
      fc.property(side, side, fc.array(fc.boolean(), { maxLength: 12 }), (onA, onB, order) => {
        const edges = { a: new UserSessions('a'), b: new UserSessions('b') };
        for (const [edge, binds] of [
          [edges.a, onA],
          [edges.b, onB],
        ] as const) {
          for (const { resource: name, at } of binds) {
            const made = session(name);
            edge.add(made);
            made.boundAt = at;
          }
        }
        // Each edge publishes when it changes; what it published arrives in its order, but any time later.
        const toB = [edges.a.table(ROMEO, false)];
        const toA = [edges.b.table(ROMEO, false)];
        const arrive = (to: UserSessions, from: SessionTable[], back: SessionTable[]) => {
          const next = from.shift();
          if (next === undefined) return;
          const displaced = to.learn(next);
          for (const gone of displaced) to.remove(gone);
          if (displaced.length > 0) back.push(to.table(ROMEO, false));
        };
        for (const isA of order) {
          if (isA) arrive(edges.a, toA, toB);
          else arrive(edges.b, toB, toA);
        }
        while (toA.length + toB.length > 0) {
          arrive(edges.a, toA, toB);
          arrive(edges.b, toB, toA);
        }
        const wanted = new Set([...onA, ...onB].map((b) => b.resource));
        const left = [...edges.a.local.keys(), ...edges.b.local.keys()];
        assert.deepEqual(left.sort(), [...wanted].sort());
        for (const { resource: name, at } of onA) {
          const rival = onB.find((b) => b.resource === name);
          if (rival !== undefined)
            assert.equal(edges.a.local.has(name), at > rival.at, 'equal times: the greater edge');
        }
        const rows = (edge: UserSessions) => edge.rows.map((r) => r.session).sort();
        assert.deepEqual(rows(edges.a), rows(edges.b), 'both know the same');
      }),
    );
  });
});
