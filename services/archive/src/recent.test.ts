import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COPY, HINT, KIND } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import fc from 'fast-check';
import { Recent } from './recent.ts';
import type { TailEntry } from './tail-entry.ts';
import { type EntryOptions, tailEntry } from './testing/entries.ts';

const NONE: ReadonlySet<TailEntry> = new Set();
const entry = (sequence: number, owner = 'a@x', options: EntryOptions = {}) =>
  tailEntry(owner as BareJid, sequence, options);
const sequences = (entries: readonly { readonly sequence: number }[]) => entries.map((e) => e.sequence);
const asKept = ({ sequence, committedAtMs, data, envelope }: TailEntry) => ({
  ...{ owner: envelope?.owner, sequence, committedAtMs, data, isSent: envelope?.copy === COPY.sent },
});

describe('what was written lately', () => {
  it('is known from where it begins, without what was refused', () => {
    const recent = new Recent(1e6, 10);
    const [kept, refused, other] = [entry(11), entry(12), entry(13, 'b@x')];
    recent.add([kept, refused, other], new Set([refused]));
    assert.deepEqual(
      [recent.knows('a@x', 9), recent.knows('a@x', 10), recent.knows('nobody@x', 10)],
      [false, true, true],
    );
    assert.deepEqual(sequences(recent.entriesOf('a@x', 10, 99)), [11]);
    assert.deepEqual(sequences(recent.entriesOf('a@x', 11, 99)), []);
    assert.deepEqual(sequences(recent.entriesOf('b@x', 0, 12)), []);
    assert.deepEqual([recent.lastOf('a@x'), recent.lastOf('b@x'), recent.lastOf('c@x')], [11, 13, 0]);
  });

  it('beyond its bytes the oldest go, and with them what is known', () => {
    const recent = new Recent(2_000, 0);
    for (let sequence = 1; sequence <= 50; sequence++)
      recent.add([entry(sequence, sequence % 2 ? 'a@x' : 'b@x')], NONE);
    assert.ok(recent.bytes <= 2_000);
    const [first] = recent.entriesOf('a@x', 0, 99);
    assert.ok(first && first.sequence > 1);
    assert.equal(recent.knows('a@x', first.sequence - 3), false);
    assert.equal(recent.knows('a@x', 49), true);
  });

  it('an account that ends takes with it what was before, and nothing else', () => {
    const recent = new Recent(1e6, 0);
    recent.add([entry(1), entry(2, 'b@x')], NONE);
    recent.add([entry(3, 'a@x', { kind: KIND.accountDeleted })], NONE);
    recent.add([entry(4)], NONE);
    assert.deepEqual([recent.knows('a@x', 1), recent.knows('a@x', 2), recent.knows('b@x', 0)], [false, true, true]);
    assert.deepEqual(sequences(recent.entriesOf('a@x', 2, 99)), [3, 4]);
  });

  it('XEP-0424: what was there before a retraction is asked of the database', () => {
    const recent = new Recent(1e6, 0);
    recent.add([entry(1), entry(2, 'a@x', { hints: HINT.retraction })], NONE);
    assert.deepEqual([recent.knows('a@x', 1), recent.knows('a@x', 2)], [false, true]);
  });

  it('property: what is known is what was written', () => {
    const step = fc.record({ owner: fc.constantFrom('a@x', 'b@x', 'c@x'), refused: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.constantFrom(1_000, 5_000, 1e9), (steps, bytesMax) => {
        const recent = new Recent(bytesMax, 0);
        const model: TailEntry[] = [];
        for (const [i, { owner, refused }] of steps.entries()) {
          const written = entry(i + 1, owner);
          recent.add([written], refused ? new Set([written]) : NONE);
          if (!refused) model.push(written);
        }
        for (const owner of ['a@x', 'b@x', 'c@x'])
          for (let after = 0; after <= steps.length; after++) {
            if (!recent.knows(owner, after)) continue;
            const expected = model.filter((e) => e.envelope?.owner === owner && e.sequence > after);
            assert.deepEqual(recent.entriesOf(owner, after, 1e9), expected.map(asKept));
          }
      }),
    );
  });
});
