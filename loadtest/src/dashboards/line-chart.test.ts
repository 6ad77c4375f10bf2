import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineChart, valueText } from './line-chart.ts';

test('values are told in their unit', () => {
  assert.equal(valueText(0.0123, 's'), '12 ms');
  assert.equal(valueText(2.5, 's'), '2.5 s');
  assert.equal(valueText(0.5, 'percentunit'), '50%');
  assert.equal(valueText(3 * 1_048_576, 'bytes'), '3MB');
  assert.equal(valueText(1_234, 'reqps'), '1.2k/s');
});

test('a gap in the values is a gap in the line, and names are escaped', () => {
  const points = [1, Number.NaN, 2, 3].map((value, i) => ({ atMs: i * 1_000, value }));
  const svg = lineChart({ title: 'a < b', panels: [{ title: 'x', unit: 'short', lines: [{ name: '<&>', points }] }] });
  assert.match(svg, /d="M[\d. ]+M[\d. ]+L[\d. ]+" fill="none"/);
  assert.ok(svg.includes('&lt;&amp;&gt;') && svg.includes('a &lt; b'));
});
