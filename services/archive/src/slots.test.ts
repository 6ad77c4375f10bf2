import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Slot, slotFor, slotsBetween } from './slots.ts';

describe('slotFor', () => {
  it('is as wide as the setting says, from a multiple of it', () => {
    assert.deepEqual(slotFor(25, 10, []), { lowerMs: 20, upperMs: 30 });
    assert.deepEqual(slotFor(20, 10, [{ lowerMs: 10, upperMs: 20 }]), { lowerMs: 20, upperMs: 30 });
  });

  it('ends where others begin, and is none where there is one', () => {
    const others = [
      { lowerMs: 0, upperMs: 23 },
      { lowerMs: 27, upperMs: 31 },
    ];
    assert.deepEqual(slotFor(25, 10, others), { lowerMs: 23, upperMs: 27 });
    assert.equal(slotFor(22, 10, others), undefined);
    assert.equal(slotFor(27, 10, others), undefined);
  });

  it('covers each time with one partition, whatever the widths were', () => {
    const steps = fc.array(fc.record({ atMs: fc.nat(1_000), widthMs: fc.integer({ min: 1, max: 300 }) }));
    fc.assert(
      fc.property(steps, (wanted) => {
        const made: Slot[] = [];
        for (const { atMs, widthMs } of wanted) {
          const slot = slotFor(atMs, widthMs, made);
          if (slot) made.push(slot);
          const covering = made.filter((s) => s.lowerMs <= atMs && atMs < s.upperMs);
          assert.equal(covering.length, 1);
        }
        const sorted = made.sort((a, b) => a.lowerMs - b.lowerMs);
        for (const [i, slot] of sorted.entries()) {
          assert.ok(slot.lowerMs < slot.upperMs);
          assert.ok(slot.upperMs <= (sorted[i + 1]?.lowerMs ?? Number.POSITIVE_INFINITY));
        }
      }),
    );
  });

  it('leaves no time between two without one', () => {
    const others = [
      { lowerMs: 3, upperMs: 25 },
      { lowerMs: 41, upperMs: 42 },
    ];
    assert.deepEqual(slotsBetween(20, 45, 10, others), [
      { lowerMs: 25, upperMs: 30 },
      { lowerMs: 30, upperMs: 40 },
      { lowerMs: 40, upperMs: 41 },
      { lowerMs: 42, upperMs: 50 },
    ]);
  });
});
