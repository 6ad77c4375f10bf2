import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { el } from '@starling/stanza';
import { serialize } from '@starling/xml';
import fc from 'fast-check';
import { fastFeature, tokenElement } from './elements.ts';
import { parseFast, wantedMechanism } from './fast-request.ts';
import { htMechanismsFor } from './mechanisms.ts';
import { NS } from './ns.ts';

const fast = (attrs: Readonly<Record<string, string>>) => parseFast(el('fast', NS.fast, attrs));

describe('<fast/> ("Client authenticates using FAST")', () => {
  for (const [attrs, expected] of [
    [{}, { count: 0, invalidate: false }],
    [{ count: '123' }, { count: 123, invalidate: false }],
    [{ count: '2147483647' }, { count: 2_147_483_647, invalidate: false }],
    [{ invalidate: 'true' }, { count: 0, invalidate: true }],
    [{ invalidate: '1' }, { count: 0, invalidate: true }],
    [{ invalidate: 'false' }, { count: 0, invalidate: false }],
    [{ count: '0' }, undefined],
    [{ count: '-1' }, undefined],
    [{ count: '01' }, undefined],
    [{ count: '1.5' }, undefined],
    [{ count: '' }, undefined],
    [{ count: '2147483648' }, undefined],
  ] as const)
    it(JSON.stringify(attrs), () => assert.deepEqual(fast(attrs), expected));

  it('property: a count is a positive int, or it is none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 12 }), fc.integer().map(String)), (count) => {
        const parsed = fast({ count });
        if (parsed !== undefined) assert.ok(parsed.count > 0 && String(parsed.count) === count);
      }),
    );
  });
});

describe('what is offered, and what is asked for', () => {
  it('a mechanism that binds, where there is something to bind to', () => {
    assert.deepEqual(htMechanismsFor([]), ['HT-SHA-256-NONE']);
    assert.deepEqual(htMechanismsFor(['tls-server-end-point']), ['HT-SHA-256-ENDP', 'HT-SHA-256-NONE']);
    assert.deepEqual(htMechanismsFor(['tls-exporter', 'tls-server-end-point']), [
      ...['HT-SHA-256-EXPR', 'HT-SHA-256-ENDP', 'HT-SHA-256-NONE'],
    ]);
  });

  it('one of those that are offered', () => {
    const wanted = (mechanism: string) =>
      wantedMechanism(el('request-token', NS.fast, { mechanism }), ['HT-SHA-256-NONE']);
    assert.equal(wanted('HT-SHA-256-NONE'), 'HT-SHA-256-NONE');
    for (const other of ['HT-SHA-256-EXPR', 'PLAIN', '', 'toString']) assert.equal(wanted(other), undefined);
    assert.equal(wantedMechanism(el('request-token', NS.fast), ['HT-SHA-256-NONE']), undefined);
  });

  it('is written so', () => {
    assert.equal(
      serialize(fastFeature(['HT-SHA-256-NONE'])),
      `<fast xmlns='${NS.fast}'><mechanism>HT-SHA-256-NONE</mechanism></fast>`,
    );
    assert.deepEqual(tokenElement('abc', Date.UTC(2020, 2, 12, 14, 36, 15)).attrs, {
      expiry: '2020-03-12T14:36:15.000Z',
      token: 'abc',
    });
  });
});
