import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COPY, type Copy } from '@starling/contracts';
import type { Jid } from '@starling/jid';
import { waitsOffline } from './waits-offline.ts';

const BARE = 'juliet@capulet.lit';
const FULL = 'juliet@capulet.lit/balcony';

/** Section · copy · type · to · whether it waits. */
const TABLE: readonly (readonly [string, Copy, string, string, boolean])[] = [
  ['RFC 6121 §8.5.2.2.1', COPY.received, 'chat', BARE, true],
  ['RFC 6121 §8.5.2.2.1', COPY.received, 'normal', BARE, true],
  ['RFC 6121 §5.2.2, no type', COPY.received, '', BARE, true],
  ['RFC 6121 §5.2.2, a type of its own', COPY.received, 'sonnet', BARE, true],
  ['RFC 6121 §8.5.3.2.1', COPY.received, 'chat', FULL, true],
  ['RFC 6121 §8.5.3.2.1', COPY.received, 'normal', FULL, false],
  ['RFC 6121 §8.5.3.2.1, no type', COPY.received, '', FULL, false],
  ['XEP-0160 §3 groupchat', COPY.received, 'groupchat', BARE, false],
  ['XEP-0160 §3 headline', COPY.received, 'headline', BARE, false],
  ['XEP-0160 §3 error', COPY.received, 'error', BARE, false],
  ['to oneself', COPY.self, 'chat', BARE, true],
  ['what one has sent', COPY.sent, 'chat', 'romeo@montague.lit', false],
];

describe('XEP-0160 waitsOffline', () => {
  for (const [section, copy, type, to, waits] of TABLE) {
    it(`${section}: ${type || '(none)'} to ${to}`, () => {
      const verdict = waitsOffline({ copy, type, to: to as Jid });
      assert.equal(verdict.waits, waits, verdict.reason);
    });
  }
});
