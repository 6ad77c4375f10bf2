import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SESSION_STATE, type SessionRow } from '@starling/contracts';
import { managed } from '../testing/managed.ts';
import { makeSession } from '../testing/session.ts';
import { UserCoverage } from './user-coverage.ts';

const AT = { epoch: 1, sequence: 7 };
const row = (resource: string, more: Partial<SessionRow> = {}): SessionRow => ({
  ...{ resource, session: resource, state: SESSION_STATE.available, priority: 0, boundAt: 1, edge: 'e1' },
  carbons: false,
  epoch: 0,
  ...more,
});
const local = (...resources: string[]) =>
  new Map(resources.map((resource) => [resource, makeSession({ resource, id: resource }).session] as const));

describe('which sessions cover a log', () => {
  it('RFC 6121 §8.5.2.1.1 those that are available and not negative', () => {
    const coverage = new UserCoverage();
    const sessions = local('a', 'b', 'c');
    const rows = [row('a', { priority: -1 }), row('b', { state: SESSION_STATE.connected }), row('c')];
    const { begun, first } = coverage.update(rows, sessions, AT);
    assert.deepEqual(
      begun.map(({ session, since }) => [session.resource, since]),
      [['c', AT]],
    );
    assert.equal(first?.session.resource, 'c');
    const { ended } = coverage.update([row('c', { priority: -1 })], sessions, AT);
    assert.deepEqual(
      ended.map(({ session }) => session.resource),
      ['c'],
    );
    assert.ok(coverage.isEmpty);
  });

  it('the first is who was there before, of two that come at once who was bound before', () => {
    const coverage = new UserCoverage();
    const sessions = local('a', 'b');
    assert.equal(coverage.update([row('b', { boundAt: 9 })], sessions, AT).first?.session.resource, 'b');
    const both = [row('a', { boundAt: 1 }), row('b', { boundAt: 9 })];
    assert.equal(coverage.update(both, sessions, AT).first?.session.resource, 'b');
    assert.equal(new UserCoverage().update(both, sessions, AT).first?.session.resource, 'a');
  });

  it('the first may be elsewhere, until it goes', () => {
    const coverage = new UserCoverage();
    const rows = [row('far', { edge: 'e2' }), row('near', { boundAt: 2 })];
    const here = local('near');
    assert.equal(coverage.update(rows, here, AT).first, undefined);
    const { first, begun } = coverage.update(rows.slice(1), here, AT);
    assert.deepEqual([first?.session.resource, begun.length], ['near', 0]);
  });

  it('a session that has another of its resource in the table does not', () => {
    const coverage = new UserCoverage();
    assert.deepEqual(coverage.update([row('a', { session: 'newer' })], local('a'), AT).begun, []);
  });

  it('XEP-0198: a session that goes on here has covered since then, and is not served again', () => {
    const coverage = new UserCoverage();
    const [old, again] = [local('a'), local('a')];
    const [before] = coverage.update([row('a')], old, AT).begun;
    const since = { epoch: 1, sequence: 3 };
    for (const session of again.values()) session.covered = { since, served: true };
    const { begun, ended, first } = coverage.update([row('a')], again, AT);
    assert.deepEqual([begun.length, ended.length, first?.since, first?.isServed], [1, 0, since, true]);
    assert.equal(before && coverage.remove(before.session), undefined);
    assert.ok(!coverage.isEmpty);
  });

  it('XEP-0198: who begins to while he is brought up to date covers from where that has come: the rest of the log it brings', () => {
    const coverage = new UserCoverage();
    const sessions = local('a');
    const reached = { epoch: 1, sequence: 3 };
    const sm = managed();
    sm.reached = reached;
    for (const session of sessions.values()) session.sm = sm;
    sm.isReplaying = true;
    assert.equal(coverage.update([row('a')], sessions, AT).first?.since, reached);
    sm.isReplaying = false;
    assert.equal(new UserCoverage().update([row('a')], sessions, AT).first?.since, AT);
  });
});
