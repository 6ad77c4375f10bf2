import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SESSION_STATE } from '@starling/contracts';
import { countsLine, sessionJson, sessionLine } from './session-lines.ts';

const session = {
  ...{ edge: 'edge-1', jid: 'alice@example.com/phone', session: 's1', state: SESSION_STATE.available, priority: 5 },
  ...{ boundAt: 0, carbons: true, inactive: false, resumable: true, unacked: 2, detachedAt: 0 },
};

test('a session on one line', () => {
  assert.equal(
    sessionLine(session),
    'edge-1  alice@example.com/phone  available, priority 5, bound 1970-01-01T00:00:00.000Z  carbons, resumable, 2 unacknowledged',
  );
  assert.equal(
    sessionLine({ ...session, detachedAt: 1_000, carbons: false, resumable: false, unacked: 0 }),
    'edge-1  alice@example.com/phone  away since 1970-01-01T00:00:01.000Z, priority 5, bound 1970-01-01T00:00:00.000Z',
  );
});

test('and for scripts', () => {
  const { state, boundAt, detachedAt, edge } = sessionJson(session);
  assert.deepEqual([state, boundAt, detachedAt, edge], ['available', '1970-01-01T00:00:00.000Z', null, 'edge-1']);
});

test('what an edge holds', () => {
  assert.equal(
    countsLine('edge-1', { sessions: [], complete: true, total: 3, users: 2, detached: 1 }),
    'edge-1: 3 sessions of 2 users, 1 away',
  );
});
