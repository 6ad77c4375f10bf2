import assert from 'node:assert/strict';
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { test } from 'node:test';
import { ScramClient } from './scram.ts';

const CASES = [
  { mechanism: 'SCRAM-SHA-1', digest: 'sha1', bytes: 20 },
  { mechanism: 'SCRAM-SHA-256', digest: 'sha256', bytes: 32 },
] as const;

for (const { mechanism, digest, bytes } of CASES) {
  test(`${mechanism}: the proof yields the stored key, and a wrong signature is noticed`, () => {
    const client = new ScramClient(mechanism, 'us,er=', 'pencil');
    const first = client.first();
    assert.match(first, /^n,,n=us=2Cer=3D,r=.+$/);
    const serverFirst = `r=${first.split(',r=')[1]}more,s=${Buffer.from('salt').toString('base64')},i=64`;
    const final = client.final(serverFirst);
    const [withoutProof = '', proof = ''] = final.split(',p=');
    const message = `${first.slice(3)},${serverFirst},${withoutProof}`;

    const salted = pbkdf2Sync('pencil', 'salt', 64, bytes, digest);
    const hmac = (key: Buffer, text: string) => createHmac(digest, key).update(text).digest();
    const storedKey = createHash(digest).update(hmac(salted, 'Client Key')).digest();
    const signature = hmac(storedKey, message);
    const clientKey = Buffer.from(Buffer.from(proof, 'base64').map((b, i) => b ^ (signature[i] ?? 0)));
    assert.deepEqual(createHash(digest).update(clientKey).digest(), storedKey);

    const serverSignature = hmac(hmac(salted, 'Server Key'), message).toString('base64');
    assert.ok(client.verify(`v=${serverSignature}`));
    assert.ok(!client.verify(`v=${Buffer.alloc(bytes).toString('base64')}`));
    assert.ok(!client.verify('e=other-error'));
  });
}

test('a nonce that the server did not continue is refused', () => {
  const client = new ScramClient('SCRAM-SHA-1', 'user', 'pencil');
  assert.throws(() => client.final('r=abc,s=QQ==,i=64'), /nonce/);
});
