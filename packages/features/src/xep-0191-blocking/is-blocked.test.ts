import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BareJid, parseJid } from '@starling/jid';
import fc from 'fast-check';
import { addressesOf, isBlocked } from './is-blocked.ts';

const OWNER = 'juliet@capulet.lit' as BareJid;

/** §5, in its order: what is on the list, who comes, whether he is blocked. */
const TABLE: readonly (readonly [item: string, jid: string, blocked: boolean])[] = [
  // <user@domain/resource> (only that resource matches)
  ['romeo@montague.lit/orchard', 'romeo@montague.lit/orchard', true],
  ['romeo@montague.lit/orchard', 'romeo@montague.lit/street', false],
  ['romeo@montague.lit/orchard', 'romeo@montague.lit', false],
  ['romeo@montague.lit/orchard', 'benvolio@montague.lit/orchard', false],
  // <user@domain> (any resource matches)
  ['romeo@montague.lit', 'romeo@montague.lit', true],
  ['romeo@montague.lit', 'romeo@montague.lit/orchard', true],
  ['romeo@montague.lit', 'benvolio@montague.lit', false],
  ['romeo@montague.lit', 'romeo@capulet.lit', false],
  ['romeo@montague.lit', 'montague.lit', false],
  // <domain/resource> (only that resource matches)
  ['montague.lit/orchard', 'montague.lit/orchard', true],
  ['montague.lit/orchard', 'montague.lit', false],
  ['montague.lit/orchard', 'romeo@montague.lit/orchard', false],
  // <domain> (the domain itself matches, as does any user@domain or domain/resource)
  ['montague.lit', 'montague.lit', true],
  ['montague.lit', 'romeo@montague.lit', true],
  ['montague.lit', 'romeo@montague.lit/orchard', true],
  ['montague.lit', 'montague.lit/orchard', true],
  ['montague.lit', 'conference.montague.lit', false],
  ['montague.lit', 'montague.lit.example', false],
  // §4: never one of the user's own resources
  ['juliet@capulet.lit/balcony', 'juliet@capulet.lit/balcony', false],
  ['juliet@capulet.lit', 'juliet@capulet.lit/balcony', false],
  ['capulet.lit', 'juliet@capulet.lit', false],
  ['capulet.lit', 'nurse@capulet.lit', true],
];
for (const [item, jid, blocked] of TABLE) {
  test(`§5 ${item} on the list: ${jid} is ${blocked ? '' : 'not '}blocked`, () => {
    assert.equal(isBlocked(new Set([item]), parseJid(jid), OWNER), blocked);
  });
}

test('an empty list blocks nobody; who has no address is not blocked', () => {
  assert.equal(isBlocked(new Set(), parseJid('a@b/c'), OWNER), false);
  assert.equal(isBlocked(new Set(['a@b']), '', OWNER), false);
});

test('property: an address is blocked exactly when one of its addresses is on the list', () => {
  const part = fc.constantFrom('a', 'b');
  const jid = fc
    .tuple(fc.option(part), part, fc.option(part))
    .map(([local, domain, resource]) =>
      parseJid(`${local ? `${local}@` : ''}${domain}${resource ? `/${resource}` : ''}`),
    );
  fc.assert(
    fc.property(fc.array(jid, { maxLength: 4 }), jid, (list, from) => {
      const blocked = new Set<string>(list);
      assert.equal(
        isBlocked(blocked, from, OWNER),
        addressesOf(from).some((address) => blocked.has(address)),
      );
    }),
  );
});
