import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Coverage, cover, type Span, uncovered } from './coverage.ts';

const MANY = 1_000;
const END = 40;
const at = (sequence: number) => ({ epoch: 1, sequence });
const span = (after: number, upTo: number): Span => ({ after: at(after), upTo: at(upTo) });
const NOTHING: Coverage = { position: at(0), beyond: [] };
const all = (...spans: Span[]) => spans.reduce((coverage, s) => cover(coverage, s, MANY), NOTHING);

describe('coverage', () => {
  it('moves along with what follows it', () => {
    assert.deepEqual(all(span(0, 3), span(3, 7)), { position: at(7), beyond: [] });
    assert.deepEqual(all(span(0, 3), span(1, 2)), { position: at(3), beyond: [] });
  });

  it('keeps what is beyond a hole until the hole is closed', () => {
    const hole = all(span(0, 3), span(5, 7));
    assert.deepEqual(hole, { position: at(3), beyond: [span(5, 7)] });
    assert.deepEqual(uncovered(hole, span(0, 9)), [span(3, 5), span(7, 9)]);
    assert.deepEqual(cover(hole, span(3, 5), MANY), { position: at(7), beyond: [] });
  });

  it('compares over epochs', () => {
    const next = cover(NOTHING, { after: at(0), upTo: { epoch: 2, sequence: 1 } }, MANY);
    assert.deepEqual(uncovered(next, { after: at(0), upTo: at(99) }), []);
  });

  it('forgets the first parts when there are too many: what is covered is never more than was', () => {
    const few = [span(2, 3), span(5, 6), span(8, 9)].reduce((coverage, s) => cover(coverage, s, 2), NOTHING);
    assert.deepEqual(few, { position: at(0), beyond: [span(5, 6), span(8, 9)] });
  });

  it('is the union of what was covered', () => {
    const spans = fc.array(fc.tuple(fc.nat(END), fc.nat(END)), { maxLength: 12 });
    fc.assert(
      fc.property(spans, fc.nat(END), fc.nat(END), (parts, from, to) => {
        const naive = new Set<number>();
        for (const [after, upTo] of parts) for (let i = after + 1; i <= upTo; i++) naive.add(i);
        const coverage = all(...parts.map(([after, upTo]) => span(after, upTo)));
        const holes = uncovered(coverage, span(from, to));
        const found = holes.flatMap(({ after, upTo }) =>
          Array.from({ length: upTo.sequence - after.sequence }, (_, i) => after.sequence + 1 + i),
        );
        const expected: number[] = [];
        for (let i = from + 1; i <= to; i++) if (!naive.has(i)) expected.push(i);
        assert.deepEqual(found, expected);
      }),
    );
  });
});
