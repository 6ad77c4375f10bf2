import assert from 'node:assert/strict';
import { test } from 'node:test';
import { el, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { AddressQuota } from './address-quota.ts';
import { NS, parseRegistration } from './request.ts';

const query = (...children: Element[]) => el('query', NS.register, {}, ...children);
const field = (name: string, ...text: string[]) => el(name, NS.register, {}, ...text);

test('a name and a password make an account of the domain', () => {
  const request = parseRegistration(query(field('username', 'Juliet'), field('password', 'R0m30')), 'capulet.lit');
  assert.deepEqual(request, { kind: 'credentials', user: 'juliet@capulet.lit', password: 'R0m30' });
});

const REFUSED: readonly (readonly [string, Element, string])[] = [
  ['no password', query(field('username', 'a')), 'not-acceptable'],
  ['an empty password', query(field('username', 'a'), field('password')), 'not-acceptable'],
  ['no name', query(field('password', 'x')), 'not-acceptable'],
  ['a name that is no localpart', query(field('username', 'a@b'), field('password', 'x')), 'jid-malformed'],
  ['remove with something else', query(field('remove'), field('username', 'a')), 'bad-request'],
];
for (const [title, element, condition] of REFUSED) {
  test(`${title} is ${condition}`, () => {
    assert.throws(
      () => parseRegistration(element, 'x'),
      (error) => error instanceof StanzaError && error.condition === condition,
    );
  });
}

test('remove stands alone', () => assert.deepEqual(parseRegistration(query(field('remove')), 'x'), { kind: 'remove' }));

test('an address has a share of each window', () => {
  const quota = new AddressQuota(2, 1_000);
  assert.deepEqual(
    [0, 1, 2].map((t) => quota.take('a', t)),
    [true, true, false],
  );
  assert.equal(quota.take('b', 2), true);
  assert.equal(quota.take('a', 1_000), true);
});
