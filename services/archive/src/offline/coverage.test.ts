import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { byReading, type Coverage, cover, coverRead, type Span, uncovered } from './coverage.ts';

const MANY = 1_000;
const END = 40;
const at = (sequence: number) => ({ epoch: 1, sequence });
const span = (after: number, upTo: number): Span => ({ after: at(after), upTo: at(upTo) });
const NOTHING: Coverage = { position: at(0), beyond: [], read: [] };
const all = (...spans: Span[]) => spans.reduce((coverage, s) => cover(coverage, s, MANY), NOTHING);

describe('coverage', () => {
  it('moves along with what follows it', () => {
    assert.deepEqual(all(span(0, 3), span(3, 7)), { position: at(7), beyond: [], read: [] });
    assert.deepEqual(all(span(0, 3), span(1, 2)), { position: at(3), beyond: [], read: [] });
  });

  it('keeps what is beyond a hole until the hole is closed', () => {
    const hole = all(span(0, 3), span(5, 7));
    assert.deepEqual(hole, { position: at(3), beyond: [span(5, 7)], read: [] });
    assert.deepEqual(uncovered(hole, span(0, 9)), [span(3, 5), span(7, 9)]);
    assert.deepEqual(cover(hole, span(3, 5), MANY), { position: at(7), beyond: [], read: [] });
  });

  it('compares over epochs', () => {
    const next = cover(NOTHING, { after: at(0), upTo: { epoch: 2, sequence: 1 } }, MANY);
    assert.deepEqual(uncovered(next, { after: at(0), upTo: at(99) }), []);
  });

  it('forgets the first parts when there are too many: what is covered is never more than was', () => {
    const few = [span(2, 3), span(5, 6), span(8, 9)].reduce((coverage, s) => cover(coverage, s, 2), NOTHING);
    assert.deepEqual(few, { position: at(0), beyond: [span(5, 6), span(8, 9)], read: [] });
  });

  it('remembers what was read beyond, until that is covered', () => {
    const read = [span(4, 6), span(6, 8)].reduce((coverage, s) => coverRead(coverage, s, MANY), all(span(0, 5)));
    assert.deepEqual(read, { position: at(5), beyond: [], read: [span(5, 8)] });
    assert.deepEqual(cover(read, span(5, 7), MANY).read, [span(7, 8)]);
    assert.deepEqual(cover(read, span(5, 9), MANY).read, []);
  });

  it('a part is cut where reading began or ended', () => {
    const parts = fc.array(fc.tuple(fc.nat(END), fc.nat(END)), { maxLength: 12 });
    fc.assert(
      fc.property(parts, fc.nat(END), fc.nat(END), (read, from, to) => {
        const naive = new Set<number>();
        for (const [after, upTo] of read) for (let i = after + 1; i <= upTo; i++) naive.add(i);
        const coverage = read.reduce((c, [after, upTo]) => coverRead(c, span(after, upTo), MANY), NOTHING);
        const found = byReading(coverage, span(from, to)).flatMap(({ after, upTo, isRead }) =>
          Array.from({ length: upTo.sequence - after.sequence }, (_, i) => [after.sequence + 1 + i, isRead]),
        );
        const expected: [number, boolean][] = [];
        for (let i = from + 1; i <= to; i++) expected.push([i, naive.has(i)]);
        assert.deepEqual(found, expected);
      }),
    );
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
