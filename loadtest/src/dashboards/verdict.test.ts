import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutVariables } from './panels.ts';
import { judge, nameOf } from './verdict.ts';

const panel = { dashboard: 'edge', title: 'Logins', unit: 'reqps', queries: [] };
const series = (...values: number[]) => ({
  labels: { outcome: 'success' },
  points: values.map((value, i) => ({ atMs: i, value })),
});

test('a panel with numbers is well', () => {
  const { trouble, lines, last, most } = judge(panel, [{ series: [series(1, Number.NaN, 3), series(7, 2)] }]);
  assert.deepEqual({ trouble, lines, last, most }, { trouble: undefined, lines: 2, last: 3, most: 7 });
});

test('no series, or quantiles of nothing, make an empty panel', () => {
  assert.equal(judge(panel, [{ series: [] }]).trouble, 'empty');
  assert.equal(judge(panel, [{ series: [series(Number.NaN, Number.NaN)] }]).trouble, 'empty');
});

test('one query that is refused is trouble, whatever the others bring', () => {
  assert.equal(judge(panel, [{ series: [series(1)] }, { error: 'parse error' }]).trouble, 'parse error');
});

test('queries are asked as Grafana asks them; series are named by their labels', () => {
  assert.equal(
    withoutVariables('rate(x_total{namespace=~"$namespace"}[$__rate_interval])', '15s'),
    'rate(x_total{namespace=~".*"}[15s])',
  );
  assert.equal(nameOf('{{outcome}} of {{nobody}}', series(1)), 'success of ');
});
