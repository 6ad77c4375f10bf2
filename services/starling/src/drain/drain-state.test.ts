import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drainState, type EdgeReport, whyNotDrain } from './drain-state.ts';

const edge = (id: string, startedAtMs = 1, ready = true): EdgeReport => ({ id, service: 'edge', startedAtMs, ready });
const [one, two] = [edge('edge-1'), edge('edge-2')];
const roster: EdgeReport = { ...edge('roster-1'), service: 'roster' };

test('an edge drains while it answers, is gone then, and replaced when as many serve as before', () => {
  const before = [one, two, roster];
  assert.equal(drainState(before, one, [one, two]), 'draining');
  assert.equal(drainState(before, one, [{ ...one, ready: false }, two]), 'draining');
  assert.equal(drainState(before, one, [two, roster]), 'gone');
  assert.equal(drainState(before, one, [edge('edge-1', 2, false), two]), 'gone');
  assert.equal(drainState(before, one, [edge('edge-1', 2), two]), 'replaced');
  assert.equal(drainState(before, one, [edge('edge-7'), two]), 'replaced');
});

test('the last one that serves is not told to go', () => {
  assert.match(whyNotDrain([one, roster], one) ?? '', /the only edge/);
  assert.match(whyNotDrain([one, edge('edge-2', 1, false)], one) ?? '', /the only edge/);
  assert.equal(whyNotDrain([one, two], one), undefined);
});
