import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FastToken, FastTokens, FastUse } from '@starling/contracts';
import fc from 'fast-check';
import { type FastBounds, issueToken, tokensOf, useToken } from './token-slots.ts';

const phone = Buffer.from('phone');
const BOUNDS: FastBounds = { clientsMax: 3, rotateMs: 100 };
const LIFETIME_MS = 1_000;
const NONE: FastTokens = { user: 'romeo@localhost', version: 0, keys: Buffer.from('k'), clients: [] };
const M = 'HT-SHA-256-NONE';

const tokenAt = (issuedAtMs: number, name = String(issuedAtMs)): FastToken => ({
  ...{ id: Buffer.from(name), mechanism: M, issuedAtMs, expiresAtMs: issuedAtMs + LIFETIME_MS, count: 0 },
});
const useOf = ({ id }: FastToken, more: Partial<FastUse> = {}): FastUse => ({
  ...{ user: NONE.user, client: phone, id, count: 0, invalidate: false, wanted: '', ...more },
});
const idsOf = (tokens: FastTokens, client: Uint8Array = phone) =>
  tokensOf(tokens, client).map(({ id }) => Buffer.from(id).toString());

describe('XEP-0484 "Server-side handling of multiple active tokens"', () => {
  const first = tokenAt(0);
  const second = tokenAt(50);
  const issued = issueToken(NONE, phone, first, BOUNDS);
  const used = useToken(issued, useOf(first), BOUNDS, 10);
  assert.ok(used);
  const both = issueToken(used.tokens, phone, second, BOUNDS);

  it('a new token goes to the new slot, and to the current one when it is used', () => {
    assert.deepEqual(idsOf(issued), ['0']);
    assert.deepEqual([idsOf(used.tokens), used.changed, used.wanted], [['0'], true, '']);
    assert.deepEqual(idsOf(both), ['50', '0']);
  });

  it('the current one holds until the new one is used', () => {
    const again = useToken(both, useOf(first), BOUNDS, 60);
    assert.deepEqual([again && idsOf(again.tokens), again?.changed], [['50', '0'], false]);
    const newer = useToken(both, useOf(second), BOUNDS, 60);
    assert.deepEqual([newer && idsOf(newer.tokens), newer?.changed], [['50'], true]);
  });

  it('"with an earlier expiry": of a lifetime that has become shorter, the newer one goes', () => {
    const shorter = { ...second, expiresAtMs: 500 };
    const again = useToken(issueToken(used.tokens, phone, shorter, BOUNDS), useOf(first), BOUNDS, 60);
    assert.deepEqual([again && idsOf(again.tokens), again?.changed], [['0'], true]);
  });

  it('an expired one is none', () => {
    assert.ok(useToken(issued, useOf(first), BOUNDS, LIFETIME_MS - 1));
    assert.equal(useToken(issued, useOf(first), BOUNDS, LIFETIME_MS), undefined);
  });

  it('rotation: of the same mechanism, never with invalidate', () => {
    assert.equal(useToken(issued, useOf(first), BOUNDS, 99)?.wanted, '');
    assert.equal(useToken(issued, useOf(first), BOUNDS, 100)?.wanted, M);
    assert.equal(useToken(issued, useOf(first, { invalidate: true }), BOUNDS, 100)?.wanted, '');
    assert.equal(useToken(issued, useOf(first, { wanted: 'HT-SHA-256-EXPR' }), BOUNDS, 10)?.wanted, 'HT-SHA-256-EXPR');
  });

  it('the client that was away longest has no tokens any more', () => {
    let tokens = NONE;
    for (const name of ['a', 'b', 'c']) tokens = issueToken(tokens, Buffer.from(name), tokenAt(0, name), BOUNDS);
    tokens = useToken(tokens, useOf(tokenAt(0, 'a'), { client: Buffer.from('a') }), BOUNDS, 1)?.tokens ?? NONE;
    tokens = issueToken(tokens, Buffer.from('d'), tokenAt(0, 'd'), BOUNDS);
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((name) => idsOf(tokens, Buffer.from(name)).length),
      [1, 0, 1, 1],
    );
  });
});

describe('property: whatever clients do', () => {
  const step = fc.record({
    client: fc.nat(3),
    /** Which of all tokens there ever were. */
    token: fc.nat(),
    kind: fc.constantFrom('issue', 'use', 'use', 'invalidate'),
    count: fc.nat(3),
    afterMs: fc.nat(40),
  });

  it('a client has two tokens at most; what was void once never comes back; counts only rise', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let [tokens, nowMs] = [NONE, 0];
        const all: { token: FastToken; client: Buffer }[] = [];
        const dead = new Set<string>();
        const counts = new Map<string, number>();
        const issue = (client: Buffer) => {
          const token = tokenAt(nowMs, `t${all.length}`);
          all.push({ token, client });
          tokens = issueToken(tokens, client, token, BOUNDS);
        };
        for (const { client: number, token: index, kind, count, afterMs } of steps) {
          nowMs += afterMs;
          const client = Buffer.from(`c${number}`);
          if (kind === 'issue') issue(client);
          else if (all.length > 0) {
            const owned = all[index % all.length];
            assert.ok(owned);
            const name = Buffer.from(owned.token.id).toString();
            const use = useOf(owned.token, { client: owned.client, count, invalidate: kind === 'invalidate' });
            const result = useToken(tokens, use, BOUNDS, nowMs);
            if (result !== undefined) {
              assert.equal(dead.has(name), false, 'it was void');
              assert.ok(count === 0 || count > (counts.get(name) ?? 0), 'replayed');
              counts.set(name, Math.max(count, counts.get(name) ?? 0));
              tokens = result.tokens;
              if (result.wanted !== '') issue(owned.client);
            }
          }
          assert.ok(tokens.clients.length <= BOUNDS.clientsMax);
          const alive = new Set(tokens.clients.flatMap((c) => idsOf(tokens, c.client)));
          for (const { token } of all)
            if (!alive.has(Buffer.from(token.id).toString())) dead.add(Buffer.from(token.id).toString());
          for (const name of alive) assert.equal(dead.has(name), false);
        }
      }),
      { numRuns: 300 },
    );
  });
});
