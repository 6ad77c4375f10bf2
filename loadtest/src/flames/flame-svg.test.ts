import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flameSvg } from './flame-svg.ts';
import type { Flame } from './flame-tree.ts';

const BYTES_MAX = 150 * 1024;
const leaf = (name: string, totalUs: number, place = 'services/edge/src/road.ts:1'): Flame => ({
  ...{ name, place, totalUs, selfUs: totalUs, children: [] },
});
const over = (children: readonly Flame[]): Flame => ({
  ...{ name: 'all', place: '', selfUs: 0, children },
  totalUs: children.reduce((sum, { totalUs }) => sum + totalUs, 0),
});
const title = { title: 'edge < archive', subtitle: '2026-01-01' };

test('a frame tells its function, its place and its shares; its text fits', () => {
  const svg = flameSvg(over([leaf('read & write', 750), leaf('(anonymous)', 249), leaf('rare', 1)]), title);
  assert.match(svg, /aria-label="edge &lt; archive"/);
  assert.match(
    svg,
    /<rect x="12" y="62" width="882" height="17"><title>read &amp; write services\/edge\/src\/road\.ts:1: self 75\.0 %, total 75\.0 %/,
  );
  assert.match(svg, />road\.ts:1</);
  assert.match(svg, /frames below 0\.3 % are left out/);
  assert.doesNotMatch(svg, /rare|NaN|Infinity|undefined/);
});

test('the same again, and never too large', () => {
  const many = over(Array.from({ length: 300 }, (_, i) => deep(`function${i}`, 20)));
  const svg = flameSvg(many, title);
  assert.ok(Buffer.byteLength(svg) <= BYTES_MAX);
  assert.equal(flameSvg(structuredClone(many), title), svg);
});

/** One that calls one that calls one. */
function deep(name: string, depth: number): Flame {
  let flame = leaf(name, 10);
  for (let n = 0; n < depth; n++) flame = { ...flame, selfUs: 0, children: [flame] };
  return flame;
}
