import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderFindings } from './render-findings.ts';

test('names stand in one column, and the last line counts', () => {
  const text = renderFindings([
    { name: 'NATS', verdict: 'failed', text: 'gone' },
    { name: 'NATS streams', verdict: 'skipped', text: 'it does not answer' },
  ]);
  assert.equal(
    text,
    'failed   NATS          gone\nskipped  NATS streams  it does not answer\n\n0 ok, 0 warnings, 1 failed, 1 skipped\n',
  );
});
