import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hostOne } from '@starling/feature-api/testing/host-one';
import { serialize } from '@starling/xml';
import { limitsElement } from './limits-element.ts';
import streamLimits from './stream-limits.ts';

const inLimits = (children: string) => `<limits xmlns='urn:xmpp:stream-limits:0'>${children}</limits>`;
const BYTES = '<max-bytes>10000</max-bytes>';

describe('XEP-0478 "Server advertises limits to connecting entity"', () => {
  const table: readonly (readonly [why: string, idleMs: number | undefined, children: string])[] = [
    ['the example', 1_800_000, `${BYTES}<idle-seconds>1800</idle-seconds>`],
    ['nobody is closed for silence: the child is absent', undefined, BYTES],
    ['an integer of seconds, never more than the truth', 1_999, `${BYTES}<idle-seconds>1</idle-seconds>`],
    ['less than a second cannot be told', 999, BYTES],
  ];
  for (const [why, idleMs, children] of table)
    it(why, () => assert.equal(serialize(limitsElement({ stanzaBytesMax: 10_000, idleMs })), inLimits(children)));

  it('is a stream feature before and behind authentication', () => {
    const { streamFeatures } = hostOne(streamLimits).hosted;
    for (const when of ['before-auth', 'after-auth'] as const)
      assert.deepEqual(
        streamFeatures[when].map((feature) => serialize(feature)),
        [inLimits(BYTES)],
      );
  });
});
