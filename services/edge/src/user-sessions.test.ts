import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SESSION_STATE, type SessionTable } from '@starling/contracts';
import { makeBareJid } from '@starling/jid';
import fc from 'fast-check';
import type { ClientSession } from './session.ts';
import { managed } from './testing/managed.ts';
import { makeSession } from './testing/session.ts';
import { UserSessions } from './user-sessions.ts';

const ROMEO = makeBareJid('romeo', 'localhost');
let sessions = 0;

function session(resource: string, boundAt = 1): ClientSession {
  const made = makeSession({ resource, id: `s${sessions++}` }).session;
  made.boundAt = boundAt;
  return made;
}

type Row = readonly [resource: string, boundAt: number, session?: string];

function table(epoch: number, version: number, ...rows: readonly Row[]): SessionTable {
  const made = rows.map(([resource, boundAt, id = `other-${resource}`]) => ({
    ...{
      resource,
      boundAt,
      session: id,
      state: SESSION_STATE.available,
      priority: 0,
      edge: 'b',
      carbons: false,
      epoch: 0,
    },
  }));
  return { user: ROMEO, epoch, version, rows: made };
}

describe('a user’s sessions', () => {
  it('XEP-0280 §8 others of them, wherever they are, may want copies of what one sends', () => {
    const here = new UserSessions();
    const own = session('phone');
    const tell = (version: number, ...wanting: readonly string[]) => {
      const { rows, ...rest } = table(1, version, ['phone', 1, own.id], ['laptop', 1]);
      here.learn({ ...rest, rows: rows.map((row) => ({ ...row, carbons: wanting.includes(row.resource) })) });
      return here.wantCopiesOf(own);
    };
    here.add(own);
    assert.deepEqual([tell(1), tell(2, 'phone'), tell(3, 'phone', 'laptop'), tell(4)], [false, false, true, false]);
  });

  it('one here of which the owner says nothing for a moment is there all the same, as it is', () => {
    const here = new UserSessions();
    const own = session('phone');
    own.state = SESSION_STATE.available;
    here.add(own);
    here.learn(table(1, 1, ['phone', 1, own.id]));
    here.learn(table(2, 1, ['laptop', 1]));
    const rowOf = () => here.rows.find((row) => row.session === own.id);
    assert.deepEqual([here.rows.length, rowOf()?.edge, rowOf()?.state], [2, 'e1', SESSION_STATE.available]);
    own.priority = -1;
    assert.equal(rowOf()?.priority, -1);
    own.sm = managed();
    own.sm.isReleased = true;
    assert.equal(rowOf(), undefined, 'another edge is about to tell of it');
    own.sm = undefined;
    here.learn(table(2, 2, ['laptop', 1], ['phone', 2]));
    assert.equal(rowOf(), undefined, 'its resource is another one’s');
    here.learn(table(2, 3));
    assert.equal(here.rows.length, 1);
    here.remove(own);
    assert.equal(here.rows.length, 0);
  });

  it('are those that the owner of his presence tells', () => {
    const here = new UserSessions();
    const own = session('phone');
    here.add(own);
    here.learn(table(1, 1, ['phone', 1, own.id], ['laptop', 1]));
    assert.deepEqual([...here.rows].map((r) => r.resource).sort(), ['laptop', 'phone']);
    assert.equal(here.has('laptop'), true);
    here.learn(table(1, 2, ['phone', 1, own.id]));
    assert.equal(here.has('laptop'), false);
  });

  it('an older table says nothing, and closes nobody; nor does one of somebody who was the owner', () => {
    const here = new UserSessions();
    here.add(session('phone'));
    here.learn(table(2, 5));
    assert.deepEqual(here.learn(table(2, 5, ['phone', 1_000])), []);
    assert.deepEqual(here.learn(table(2, 4, ['phone', 1_000])), []);
    assert.deepEqual(here.learn(table(1, 6, ['phone', 1_000])), []);
    assert.equal(here.rows.filter(({ edge }) => edge === 'b').length, 0);
    assert.equal(here.learn(table(3, 1, ['phone', 1_000])).length, 1);
  });

  it('RFC 6120 §7.7.2.2 the newer session of a resource takes the older one’s place, wherever it is', () => {
    const here = new UserSessions();
    const own = session('phone', 5);
    here.add(own);
    assert.deepEqual(here.learn(table(1, 1, ['phone', 4])), [], 'an older one does not');
    assert.deepEqual(here.learn(table(1, 2, ['phone', 5, own.id])), [], 'nor does itself');
    assert.deepEqual(here.learn(table(1, 3, ['phone', 6])), [own]);
  });

  it('also one that is told before the older one is there', () => {
    const here = new UserSessions();
    const own = session('phone', 5);
    assert.deepEqual(here.learn(table(1, 1, ['phone', 6])), []);
    here.add(own);
    assert.equal(here.isDisplaced(own), true);
    here.learn(table(1, 2, ['phone', 5, own.id]));
    assert.equal(here.isDisplaced(own), false);
  });

  it('here too', () => {
    const here = new UserSessions();
    const [older, newer] = [session('phone', 1), session('phone', 2)];
    assert.equal(here.add(older), undefined);
    assert.equal(here.add(newer), older);
    assert.equal(here.remove(older), false, 'the end of the older one takes nothing away');
    assert.equal(here.remove(newer), true);
    assert.equal(here.local.size, 0);
  });

  it('property: of two edges’ equal resources exactly one stays, in whichever order tables arrive', () => {
    const resource = fc.constantFrom('phone', 'laptop', 'desk');
    const binds = fc.array(fc.record({ resource, onA: fc.boolean() }), { maxLength: 8 });
    fc.assert(
      fc.property(binds, fc.func(fc.nat()), (all, shuffle) => {
        const edges = [new UserSessions(), new UserSessions()] as const;
        const rows = new Map<string, Row>();
        const tables: SessionTable[] = [];
        for (const [i, { resource: name, onA }] of all.entries()) {
          const made = session(name, i + 1);
          edges[onA ? 0 : 1].add(made);
          rows.set(name, [name, i + 1, made.id]);
          tables.push(table(1, i + 1, ...rows.values()));
        }
        for (const edge of edges) {
          for (const told of [...tables].sort((a, b) => shuffle(a.version) - shuffle(b.version)))
            for (const gone of edge.learn(told)) edge.remove(gone);
        }
        const left = edges.flatMap((edge) => [...edge.local.values()].map((s) => s.id));
        assert.deepEqual(left.sort(), [...rows.values()].map(([, , id]) => id ?? '').sort());
      }),
    );
  });
});
