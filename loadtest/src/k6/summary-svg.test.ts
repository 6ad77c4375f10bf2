import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarySvg } from './summary-svg.ts';

test('a summary as a picture: figures, and thresholds in the colour of their verdict', () => {
  const svg = summarySvg('chat & more', {
    messages_lost: { values: { count: 0 }, thresholds: { 'count==0': { ok: true } } },
    time_to_delivery: { values: { 'p(95)': 12.34 }, thresholds: { 'p(95)<5': { ok: false } } },
  });
  assert.match(svg, /<title>chat &amp; more<\/title>/);
  assert.match(svg, />time_to_delivery {8}p\(95\)=12\.3</);
  assert.match(svg, /fill="#8fd19e"[^>]*> +✓ count==0</);
  assert.match(svg, /fill="#ff7b72"[^>]*> +✗ p\(95\)&lt;5</);
});
