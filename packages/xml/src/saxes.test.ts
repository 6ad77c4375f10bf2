import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareWithSaxes } from './testing/compare.ts';
import { generateDocument, mutate, seeded } from './testing/generate.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 });

describe('against saxes', () => {
  it('well-formed documents give the same tree', () => {
    fc.assert(
      fc.property(seeds, sizes, (seed, pieces) => {
        const document = generateDocument(seeded(seed));
        assert.equal(compareWithSaxes(Buffer.from(document), pieces), 'accepted', document);
      }),
      { numRuns: 1500 },
    );
  });

  it('damaged documents are refused, or give the same tree', (t) => {
    const counts = { accepted: 0, refused: 0, restricted: 0 };
    fc.assert(
      fc.property(seeds, sizes, (seed, pieces) => {
        const random = seeded(seed);
        counts[compareWithSaxes(mutate(random, generateDocument(random)), pieces)]++;
      }),
      // A prefix bound to white space, and not used.
      { numRuns: 4000, examples: [[4_274_789_975, [1]]] },
    );
    t.diagnostic(JSON.stringify(counts));
    assert.ok(counts.accepted > 100 && counts.refused > 1000 && counts.restricted > 0, 'a mixture');
  });
});
