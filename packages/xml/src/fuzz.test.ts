import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fuzz } from './fuzz.ts';

it('damaged input is read the same in any pieces, and as saxes reads it', (t) => {
  const seed = Date.now() % 2 ** 31;
  t.diagnostic(`seed ${seed}`);
  const counts = fuzz(seed, 2000);
  t.diagnostic(JSON.stringify(counts));
  assert.ok((counts.accepted ?? 0) > 0 && (counts.refused ?? 0) > 0);
});
