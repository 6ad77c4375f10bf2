import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { serialize } from '@starling/xml';
import fc from 'fast-check';
import { channelBindingElement } from './binding-types.ts';
import { endPointOf } from './end-point.ts';

/** Self-signed, ECDSA with SHA-256. */
const REAL = `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIURFa/hedgJVOl6jkDjzPkTycmUQAwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjAxMzMwNFoYDzIxMjYxMTAy
MDEzMzA0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASgNtJNgiocy2xE3NzW2rJkEV3spBtCwQv/+EVsVxik1O5Hi287+fN9
J1pExF1K1rSCgnfvxOqPuebgZz2mqlRUo1MwUTAdBgNVHQ4EFgQUWz686oHPll6b
meeCaPWK0MI1/4MwHwYDVR0jBBgwFoAUWz686oHPll6bmeeCaPWK0MI1/4MwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBGZYEbhUGH28wZbRfM7ryh
gjMeZcCDs74QG1gCDguc7QIhAKdxRBh4dMwUTvbclUalj+axE8+bIs6bx0cRObyq
RwDh
-----END CERTIFICATE-----`;

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), content]);
};
/** A certificate as far as the rule looks at it. */
const certificate = (oid: string, bytes = 300) =>
  der(0x30, der(0x30, Buffer.alloc(bytes)), der(0x30, der(0x06, Buffer.from(oid, 'hex'))), der(0x03, Buffer.alloc(9)));

describe('tls-server-end-point (RFC 5929 §4.1)', () => {
  for (const [name, oid, hash] of [
    ['MD5 becomes SHA-256', '2a864886f70d010104', 'sha256'],
    ['SHA-1 becomes SHA-256', '2a864886f70d010105', 'sha256'],
    ['RSA with SHA-256', '2a864886f70d01010b', 'sha256'],
    ['RSA with SHA-512', '2a864886f70d01010d', 'sha512'],
    ['ECDSA with SHA-256', '2a8648ce3d040302', 'sha256'],
    ['ECDSA with SHA-384', '2a8648ce3d040303', 'sha384'],
    ['RSASSA-PSS', '2a864886f70d01010a', undefined],
    ['Ed25519', '2b6570', undefined],
  ] as const) {
    it(`${name}: ${hash ?? 'none'}`, () => {
      for (const bytes of [3, 300]) {
        const made = certificate(oid, bytes);
        assert.deepEqual(endPointOf(made), hash && createHash(hash).update(made).digest());
      }
    });
  }

  it('of a real certificate', () => {
    const { raw } = new X509Certificate(REAL);
    assert.deepEqual(endPointOf(raw), createHash('sha256').update(raw).digest());
  });

  it('property: of what is no certificate there is none, and nothing is thrown', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => assert.equal(endPointOf(bytes), undefined)));
    const made = certificate('2a8648ce3d040302');
    fc.assert(
      fc.property(fc.nat(made.length - 1), (length) => assert.equal(endPointOf(made.subarray(0, length)), undefined)),
    );
  });
});

it('XEP-0440 lists what can be bound to, and is not there otherwise', () => {
  assert.equal(channelBindingElement([]), undefined);
  const element = channelBindingElement(['tls-exporter', 'tls-server-end-point']);
  assert.equal(
    element && serialize(element),
    "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/><channel-binding type='tls-server-end-point'/></sasl-channel-binding>",
  );
});
