import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PageRequest } from '@starling/contracts';
import { spanRead } from './span-read.ts';

const at = (sequence: number) => ({ epoch: 1, sequence });
const ALL = { user: 'romeo@localhost', with: '', ids: [], known: [], limit: 50, backwards: false, count: false };

/** What was asked · sequences on the page · whether it is complete · what was read, exclusive and inclusive. */
const TABLE: readonly (readonly [
  string,
  Partial<PageRequest>,
  number[],
  boolean,
  [number | undefined, number] | undefined,
])[] = [
  ['from the beginning', {}, [3, 8], true, [undefined, 8]],
  ['from the beginning, more behind', {}, [3, 8], false, [undefined, 8]],
  ['behind an id', { after: at(2) }, [5, 8], true, [2, 8]],
  ['the last page, more before', { backwards: true }, [5, 8], false, [4, 8]],
  ['the last page, which is all', { backwards: true }, [5, 8], true, [undefined, 8]],
  ['back to an id', { backwards: true, after: at(2) }, [5, 8], true, [2, 8]],
  ['from a time on', { startMs: 1 }, [5, 8], true, [4, 8]],
  ['from a time on, behind an id', { startMs: 1, after: at(2) }, [5, 8], true, [4, 8]],
  ['up to a time', { endMs: 1 }, [5, 8], true, [undefined, 8]],
  ['with somebody', { with: 'juliet@localhost' }, [5, 8], true, undefined],
  ['by ids', { ids: [at(5), at(8)] }, [5, 8], true, undefined],
  ['nothing', {}, [], true, undefined],
];

describe('spanRead: the part of an archive that a page is the whole of', () => {
  for (const [what, asked, sequences, complete, span] of TABLE)
    it(what, () => {
      const entries = sequences.map((sequence) => ({
        position: at(sequence),
        committedAtMs: 0,
        envelope: new Uint8Array(),
      }));
      const [after, upTo = 0] = span ?? [];
      const expected = span && { after: after === undefined ? undefined : at(after), upTo: at(upTo) };
      assert.deepEqual(spanRead({ ...ALL, ...asked }, { entries, complete }), expected);
    });
});
