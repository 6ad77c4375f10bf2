import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ArchiveIds } from './archive-id.ts';
import { EPOCH_MAX, SEQUENCE_MAX } from './limits.ts';

const SECRET = 'kept for ever, and told to nobody';
const ids = new ArchiveIds(SECRET);
const positions = fc.record({
  epoch: fc.integer({ min: 0, max: EPOCH_MAX }),
  sequence: fc.integer({ min: 0, max: SEQUENCE_MAX }),
});
const streams = fc.nat(255);

describe('archive ids', () => {
  it('property: come back, whatever is made between', () => {
    fc.assert(
      fc.property(positions, positions, streams, (position, other, stream) => {
        const id = ids.encode(position, stream);
        ids.encode(other, stream);
        assert.match(id, /^1[\w-]{22}$/);
        assert.deepEqual(ids.decode(id, stream), { ...position });
        assert.equal(new ArchiveIds(SECRET).encode(position, stream), id, 'the same on every edge');
      }),
    );
  });

  it('property: of another stream, with another secret, or changed, are none', () => {
    const foreign = new ArchiveIds('some other secret, as long');
    fc.assert(
      fc.property(positions, streams, fc.integer({ min: 0, max: 22 }), fc.string(), (position, stream, at, text) => {
        const id = ids.encode(position, stream);
        assert.equal(ids.decode(id, stream + 1), undefined);
        assert.equal(foreign.decode(id, stream), undefined);
        const changed = id.slice(0, at) + (id[at] === 'A' ? 'Q' : 'A') + id.slice(at + 1);
        assert.equal(ids.decode(changed, stream), undefined);
        assert.equal(ids.decode(id.slice(0, at), stream), undefined);
        assert.equal(ids.decode(`${id}${text}x`, stream), undefined);
        assert.equal(ids.decode(text, stream), undefined);
      }),
    );
  });

  it('say nothing of the order or the place', () => {
    const first = ids.encode({ epoch: 1, sequence: 1 }, 0);
    const second = ids.encode({ epoch: 1, sequence: 2 }, 0);
    const same = [...first].filter((c, i) => i > 0 && c === second[i]).length;
    assert.ok(same < 8, `${first} ${second}`);
  });

  it('are those of every release: clients remember them', () => {
    assert.equal(ids.encode({ epoch: 3, sequence: 281_474_976_710_655 }, 7), '1pSTqr8Diar0rVB1KBkKDrg');
  });
});
