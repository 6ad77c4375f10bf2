import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countOf, holds, trendFigure } from './thresholds.ts';

test('thresholds are read as k6 writes them', () => {
  const known: Readonly<Record<string, number>> = { 'p(95)': 400, count: 0 };
  const figures = (name: string) => known[name] ?? Number.NaN;
  assert.ok(holds('p(95)<500', figures));
  assert.ok(!holds('p(95) < 400', figures));
  assert.ok(holds('p(95)<=400', figures));
  assert.ok(holds('count==0', figures));
  assert.ok(!holds('count>0', figures));
  assert.throws(() => holds('fast', figures), RangeError);
});

test('figures of trends and counters', () => {
  assert.deepEqual(countOf([1, 1, 3]), { count: 5 });
  const sorted = [10, 20, 30, 40];
  assert.deepEqual(
    ['med', 'p(100)', 'p(0)', 'avg', 'max', 'min', 'count'].map((name) => trendFigure(sorted, name)),
    [25, 40, 10, 25, 40, 10, 4],
  );
  assert.equal(trendFigure([], 'p(95)'), 0);
  assert.throws(() => trendFigure(sorted, 'mode'), RangeError);
});
