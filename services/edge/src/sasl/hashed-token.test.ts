import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { makeBareJid } from '@starling/jid';
import fc from 'fast-check';
import { HashedToken } from './hashed-token.ts';
import { type SaslCondition, SaslError } from './sasl-error.ts';

const DOMAIN = 'example.com';
const BOUND = Buffer.from('of this channel');
const sign = (token: string, role: string, bound = BOUND) =>
  createHmac('sha256', token).update(role).update(bound).digest();
const message = (name: string, token: string, bound = BOUND) =>
  Buffer.concat([Buffer.from(`${name}\0`), sign(token, 'Initiator', bound)]);
const failsWith = (condition: SaslCondition) => (error: unknown) =>
  error instanceof SaslError && error.condition === condition;

/** Alice has two tokens; what is used stands in `used`. */
function exchange({ isExpired = false, isGone = false } = {}) {
  const used: string[] = [];
  const tokenOf = (text: string) => ({
    text,
    isExpired,
    use: async () => {
      if (isGone) throw new SaslError('not-authorized');
      used.push(text);
    },
  });
  const alice = makeBareJid('alice', DOMAIN);
  const tokensOf = async (user: string) => (user === alice ? ['new', 'old'].map(tokenOf) : []);
  return { alice, used, mechanism: new HashedToken({ domain: DOMAIN, bound: BOUND, tokensOf }) };
}

describe('HT-SHA-256-* (draft-schmaus-kitten-sasl-ht-09 §3)', () => {
  for (const token of ['new', 'old']) {
    it(`lets in who has the ${token} token, and shows that it has it too`, async () => {
      const { alice, used, mechanism } = exchange();
      const step = await mechanism.step(message('alice', token));
      assert.deepEqual(step, { success: alice, data: sign(token, 'Responder') });
      assert.deepEqual(used, [token]);
      await assert.rejects(mechanism.step(message('alice', token)), failsWith('malformed-request'));
    });
  }

  for (const [why, name, token, bound] of [
    ['another token', 'alice', 'other', BOUND],
    ['the token on another channel', 'alice', 'new', Buffer.from('of another channel')],
    ['somebody else’s name', 'bob', 'new', BOUND],
    ['a name that cannot be', 'al@ice', 'new', BOUND],
  ] as const) {
    it(`refuses ${why}`, async () => {
      const { used, mechanism } = exchange();
      await assert.rejects(mechanism.step(message(name, token, bound)), failsWith('not-authorized'));
      assert.deepEqual(used, []);
    });
  }

  it('tells who has an expired one that it has expired, and nobody else', async () => {
    const { used, mechanism } = exchange({ isExpired: true });
    await assert.rejects(mechanism.step(message('alice', 'new')), failsWith('credentials-expired'));
    await assert.rejects(
      exchange({ isExpired: true }).mechanism.step(message('alice', 'x')),
      failsWith('not-authorized'),
    );
    assert.deepEqual(used, []);
  });

  it('refuses one that was ended meanwhile', async () => {
    await assert.rejects(
      exchange({ isGone: true }).mechanism.step(message('alice', 'new')),
      failsWith('not-authorized'),
    );
  });

  it('property: what is no initiator-msg is malformed, and nothing but SaslError is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
        const shape = bytes.indexOf(0);
        const isShaped = shape > 0 && bytes.length - shape - 1 === 32;
        await assert.rejects(exchange().mechanism.step(bytes), (error: unknown) => {
          assert.ok(error instanceof SaslError);
          return isShaped || error.condition === 'malformed-request';
        });
      }),
      { numRuns: 500 },
    );
  });
});
