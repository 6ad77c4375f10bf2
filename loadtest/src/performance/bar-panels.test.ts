import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barPanels } from './bar-panels.ts';

const chart = {
  title: 'A < B',
  panels: [
    {
      title: 'one & only',
      bars: [
        { label: 'a', text: '10 µs', segments: [{ value: 10, color: '#111111' }], range: { min: 8, max: 20 } },
        {
          label: 'b',
          text: '5 µs',
          segments: [
            { value: 2, color: '#111111' },
            { value: 3, color: '#222222' },
          ],
        },
      ],
    },
    { title: 'empty', bars: [{ label: 'c', text: '0', segments: [{ value: 0, color: '#111111' }] }] },
    { title: 'third', bars: [] },
  ],
  legend: [{ label: 'edge', color: '#111111' }],
} as const;
const svg = barPanels(chart);

test('bars are as long as what they stand for, segments behind one another', () => {
  // The longest is the whisker's end at 20: 178 points.
  const widths = [...svg.matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)" height="16"/g)].map(([, x, w]) => [
    x,
    w,
  ]);
  assert.deepEqual(widths.slice(0, 3), [
    ['166', '89'],
    ['166', '17.8'],
    ['183.8', '26.7'],
  ]);
});

test('well-formed, escaped, and the same again', () => {
  assert.match(svg, /aria-label="A &lt; B"/);
  assert.match(svg, />one &amp; only</);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  assert.equal(barPanels(structuredClone(chart)), svg);
});
