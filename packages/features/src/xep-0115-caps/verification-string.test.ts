import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DiscoInfo } from '@starling/feature-api';
import fc from 'fast-check';
import { verificationString } from './verification-string.ts';

const FEATURES = [
  'http://jabber.org/protocol/disco#info',
  'http://jabber.org/protocol/muc',
  'http://jabber.org/protocol/caps',
  'http://jabber.org/protocol/disco#items',
];

const COMPLEX: DiscoInfo = {
  identities: [
    { category: 'client', type: 'pc', name: 'Psi 0.11', lang: 'en' },
    { category: 'client', type: 'pc', name: 'Ψ 0.11', lang: 'el' },
  ],
  features: FEATURES,
  forms: [
    {
      type: 'urn:xmpp:dataforms:softwareinfo',
      fields: [
        { var: 'software_version', values: ['0.11'] },
        { var: 'ip_version', values: ['ipv6', 'ipv4'] },
        { var: 'os', values: ['Mac'] },
        { var: 'os_version', values: ['10.5.1'] },
        { var: 'software', values: ['Psi'] },
      ],
    },
  ],
};

test('§5.2 the simple example', () => {
  const identities = [{ category: 'client', type: 'pc', name: 'Exodus 0.9.1' }];
  assert.equal(verificationString({ identities, features: FEATURES, forms: [] }), 'QgayPKawpkPSDYmwT/WM94uAlu0=');
});

test('§5.3 the complex example', () => {
  assert.equal(verificationString(COMPLEX), 'q07IKJEyjvHSyhy//CH0CxmKi8w=');
});

test('§5.1 octets are compared, not UTF-16 units', () => {
  const of = (features: string[]) => verificationString({ identities: [], features, forms: [] });
  // U+FF5E is EF BD 9E in UTF-8, U+1F426 F0 9F 90 A6; in UTF-16 the second one begins with D83D and would come first.
  assert.equal(of(['\u{1F426}', '\uFF5E']), of(['\uFF5E', '\u{1F426}']));
  assert.equal(of(['\u{1F426}', '\uFF5E']), 'Ewl5KUpG7+fALZYJBoMxaTDpwlM=');
});

test('property: the order of what is said does not matter', () => {
  const shuffled = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length });
  fc.assert(
    fc.property(shuffled(COMPLEX.identities), shuffled(COMPLEX.features), (identities, features) => {
      assert.equal(verificationString({ ...COMPLEX, identities, features }), verificationString(COMPLEX));
    }),
  );
});
