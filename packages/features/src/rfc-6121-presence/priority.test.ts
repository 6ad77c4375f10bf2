import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { el, NS, Stanza, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';
import fc from 'fast-check';
import { priorityOf } from './priority.ts';

const priority = (...children: readonly (Element | string)[]) => el('priority', NS.client, {}, ...children);
const presence = (...children: readonly Element[]) => Stanza.build('presence', {}, ...children);

function outcome(stanza: Stanza): number | string {
  try {
    return priorityOf(stanza);
  } catch (error) {
    assert.ok(error instanceof StanzaError);
    return error.condition;
  }
}

describe('priority (RFC 6121 §4.7.2.3)', () => {
  for (const [text, expected] of [
    ['0', 0],
    ['1', 1],
    ['+5', 5],
    ['-1', -1],
    ['127', 127],
    ['-128', -128],
    ['007', 7],
    [' 3\n', 3],
    ['-0', 0],
    ['128', 'bad-request'],
    ['-129', 'bad-request'],
    ['1000000000000000000000', 'bad-request'],
    ['', 'bad-request'],
    [' ', 'bad-request'],
    ['1.0', 'bad-request'],
    ['1e1', 'bad-request'],
    ['0x1', 'bad-request'],
    ['--1', 'bad-request'],
    ['1 2', 'bad-request'],
    ['high', 'bad-request'],
    ['١', 'bad-request'],
  ] as const) {
    it(`'${text}' → ${expected}`, () => {
      const read = outcome(presence(text === '' ? priority() : priority(text)));
      assert.equal(typeof read === 'number' ? read + 0 : read, expected);
    });
  }

  it('none is zero; of another namespace it is none', () => {
    assert.equal(outcome(presence()), 0);
    assert.equal(outcome(presence(el('priority', 'urn:x', {}, '9'))), 0);
  });

  it('there is one at most, without elements in it', () => {
    assert.equal(outcome(presence(priority('1'), priority('1'))), 'bad-request');
    assert.equal(outcome(presence(priority(el('x', NS.client)))), 'bad-request');
    assert.equal(outcome(presence(priority('1', el('x', NS.client)))), 'bad-request');
  });

  it('property: every integer of that range, and no other', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000, max: 1_000 }), (n) => {
        assert.equal(outcome(presence(priority(String(n)))), n >= -128 && n <= 127 ? n : 'bad-request');
      }),
    );
  });
});
