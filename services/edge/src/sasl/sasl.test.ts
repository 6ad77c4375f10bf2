import assert from 'node:assert/strict';
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import type { KeysReply } from '@starling/contracts';
import { type BareJid, makeBareJid } from '@starling/jid';
import fc from 'fast-check';
import { type DeriveOptions, deriveKeys, makeKeys, PasswordError, SCRAM_HASHES, type ScramName } from './keys.ts';
import type { Mechanism } from './mechanism.ts';
import { createMechanism, MECHANISMS, mechanismsFor } from './mechanisms.ts';
import { SaslError } from './sasl-error.ts';
import { decodeSaslText, encodeSaslText, SASL_MESSAGE_BYTES_MAX } from './sasl-text.ts';
import { Scram } from './scram.ts';

const DOMAIN = 'example.com';
const SECURITY = { secure: true, loopback: false };
const SCRAM_NAMES = Object.keys(SCRAM_HASHES) as ScramName[];
// What the tests are about does not depend on it, and 4096 iterations cost 3 ms each.
const ITERATIONS = 16;

const bytes = (text: string) => Buffer.from(text);
const BINDINGS = {
  types: ['tls-exporter', 'tls-server-end-point'],
  dataOf: (type: string) => (BINDINGS.types.includes(type) ? bytes(`of ${type}`) : undefined),
};
const jid = (name: string) => makeBareJid(name, DOMAIN);

/** Accounts by bare JID; anybody else gets decoys. */
async function lookupOf(passwords: Readonly<Record<string, string>>): Promise<(user: BareJid) => Promise<KeysReply>> {
  const known = new Map<BareJid, KeysReply>();
  for (const [name, password] of Object.entries(passwords)) {
    known.set(jid(name), { exists: true, keys: await makeKeys(password, ITERATIONS) });
  }
  const decoy = { exists: false, keys: await makeKeys('decoy', ITERATIONS) };
  return async (user) => known.get(user) ?? decoy;
}

/** A client of our own, so that every field can be bent. */
interface ClientScript {
  readonly name: string;
  readonly password: string;
  readonly header?: string;
  readonly nonce?: string;
  readonly firstExtensions?: string;
  readonly channelBinding?: string;
  readonly finalNonce?: (nonce: string) => string;
  readonly finalExtensions?: string;
  readonly proof?: (proof: Buffer) => string;
}

async function login(mechanism: ScramName, exchange: Mechanism, script: ClientScript) {
  const { hash, bytes: length } = SCRAM_HASHES[mechanism];
  const header = script.header ?? 'n,,';
  const bare = `n=${script.name},r=${script.nonce ?? 'client'}${script.firstExtensions ?? ''}`;
  const asked = await exchange.step(bytes(header + bare));
  assert.ok('challenge' in asked);
  const serverFirst = Buffer.from(asked.challenge).toString();
  const [, nonce = '', salt = '', iterations = ''] = /^r=([^,]*),s=([^,]*),i=(\d+)$/.exec(serverFirst) ?? [];
  assert.ok(nonce.startsWith(script.nonce ?? 'client') && nonce.length > 20);
  const binding = script.channelBinding ?? bytes(header).toString('base64');
  const withoutProof = `c=${binding},r=${script.finalNonce?.(nonce) ?? nonce}${script.finalExtensions ?? ''}`;
  const authMessage = `${bare},${serverFirst},${withoutProof}`;
  const salted = pbkdf2Sync(script.password, Buffer.from(salt, 'base64'), Number(iterations), length, hash);
  const hmac = (key: Uint8Array, data: string) => createHmac(hash, key).update(data).digest();
  const clientKey = hmac(salted, 'Client Key');
  const storedKey = createHash(hash).update(clientKey).digest();
  const signature = hmac(storedKey, authMessage);
  const proof = clientKey.map((byte, i) => byte ^ (signature[i] ?? 0)) as Buffer;
  const proofText = script.proof?.(proof) ?? Buffer.from(proof).toString('base64');
  const done = await exchange.step(bytes(`${withoutProof},p=${proofText}`));
  assert.ok('success' in done);
  const expected = hmac(hmac(salted, 'Server Key'), authMessage).toString('base64');
  assert.equal(Buffer.from(done.data ?? []).toString(), `v=${expected}`);
  return done.success;
}

const failsWith = (condition: string) => (error: unknown) =>
  error instanceof SaslError && error.condition === condition;

describe('SCRAM: the vectors of the RFCs', () => {
  const vectors = [
    {
      name: 'SCRAM-SHA-1' as const, // RFC 5802 §5
      salt: 'QSXCR+Q6sek8bf92',
      client: 'fyko+d2lbbFgONRv9qkxdawL',
      server: '3rfcNHYJY1ZVvWVs7j',
      proof: 'v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
      verifier: 'rmF9pqV8S7suAoZWja4dJRkFsKQ=',
    },
    {
      name: 'SCRAM-SHA-256' as const, // RFC 7677 §3
      salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
      client: 'rOprNGfwEbeRWgbNEkqO',
      server: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
      proof: 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
      verifier: '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    },
  ];
  for (const v of vectors) {
    it(v.name, async () => {
      const salt = Buffer.from(v.salt, 'base64');
      const keys = await deriveKeys('pencil', { mechanism: v.name, salt, iterations: 4096 });
      const scram = new Scram(
        v.name,
        { domain: DOMAIN, lookup: async () => ({ exists: true, keys: [keys] }) },
        { serverNonce: v.server },
      );
      const asked = await scram.step(bytes(`n,,n=user,r=${v.client}`));
      assert.ok('challenge' in asked);
      assert.equal(Buffer.from(asked.challenge).toString(), `r=${v.client}${v.server},s=${v.salt},i=4096`);
      const done = await scram.step(bytes(`c=biws,r=${v.client}${v.server},p=${v.proof}`));
      assert.ok('success' in done);
      assert.equal(done.success, jid('user'));
      assert.equal(Buffer.from(done.data ?? []).toString(), `v=${v.verifier}`);
    });
  }
});

for (const name of SCRAM_NAMES) {
  describe(name, async () => {
    const lookup = await lookupOf({ alice: 'secret', 'a=b': 'secret', böb: 'pass­wörd' });
    const start = () => createMechanism(name, { domain: DOMAIN, lookup, ...SECURITY });
    const alice = { name: 'alice', password: 'secret' };

    it('lets the right password in', async () => {
      assert.equal(await login(name, start(), alice), jid('alice'));
      assert.equal(await login(name, start(), { ...alice, header: 'y,,' }), jid('alice'));
    });
    it('answers a missing initial response with an empty challenge', async () => {
      const exchange = start();
      assert.deepEqual(await exchange.step(bytes('')), { challenge: bytes('') });
      assert.equal(await login(name, exchange, alice), jid('alice'));
    });
    it('prepares names and passwords', async () => {
      assert.equal(await login(name, start(), { ...alice, name: 'ALICE' }), jid('alice'));
      assert.equal(await login(name, start(), { name: 'BÖB', password: 'passwörd' }), jid('böb'));
      assert.equal(await login(name, start(), { ...alice, name: 'a=3Db' }), jid('a=b'));
    });
    it('takes its own address as authzid, and no other', async () => {
      assert.equal(await login(name, start(), { ...alice, header: 'n,a=alice@example.com,' }), jid('alice'));
      assert.equal(await login(name, start(), { ...alice, header: 'n,a=ALICE@EXAMPLE.com,' }), jid('alice'));
      for (const authzid of ['bob@example.com', 'alice@other.example', 'alice', 'alice@example.com/x', '@', 'a=3Db@']) {
        await assert.rejects(
          login(name, start(), { ...alice, header: `n,a=${authzid},` }),
          failsWith('invalid-authzid'),
        );
      }
    });
    it('passes optional extensions over, and refuses mandatory ones', async () => {
      assert.equal(
        await login(name, start(), { ...alice, firstExtensions: ',x=1', finalExtensions: ',y=2' }),
        jid('alice'),
      );
      await assert.rejects(login(name, start(), { ...alice, firstExtensions: ',m=1' }), failsWith('malformed-request'));
      await assert.rejects(start().step(bytes('n,,m=1,n=alice,r=x')), failsWith('malformed-request'));
      await assert.rejects(login(name, start(), { ...alice, finalExtensions: ',m=1' }), failsWith('malformed-request'));
    });
    it('treats an unknown name like a wrong password', async () => {
      await assert.rejects(login(name, start(), { ...alice, password: 'guess' }), failsWith('not-authorized'));
      await assert.rejects(login(name, start(), { ...alice, name: 'nobody' }), failsWith('not-authorized'));
      // Not even who knows the decoy's password is somebody.
      await assert.rejects(login(name, start(), { name: 'nobody', password: 'decoy' }), failsWith('not-authorized'));
      await assert.rejects(login(name, start(), { ...alice, name: 'al@ice' }), failsWith('not-authorized'));
    });
    it('refuses a proof for another exchange', async () => {
      for (const bent of [
        { finalNonce: (nonce: string) => `${nonce}x` },
        { finalNonce: () => 'client' },
        { channelBinding: bytes('y,,').toString('base64') },
        { proof: (proof: Buffer) => Buffer.from(proof).fill(0).toString('base64') },
      ]) {
        await assert.rejects(login(name, start(), { ...alice, ...bent }), failsWith('not-authorized'));
      }
    });
    it('refuses what is not SCRAM', async () => {
      for (const message of [
        'p=tls-exporter,,n=alice,r=x',
        'n=alice,r=x',
        ',,n=alice,r=x',
        'n,,r=x,n=alice',
        'n,,n=,r=x',
        'n,,n=alice,r=',
        'n,,n=alice',
        'n,,n=al=ice,r=x',
        'n,,n=al=2cice,r=x',
        'n,,n=alice,r=x,',
        'n,,n=alice,r=\u00e9',
        'n,,n=al\0ice,r=x',
        `n,,n=${'a'.repeat(SASL_MESSAGE_BYTES_MAX)},r=x`,
      ]) {
        await assert.rejects(start().step(bytes(message)), failsWith('malformed-request'), message.slice(0, 40));
      }
      await assert.rejects(start().step(Uint8Array.of(0x6e, 0x2c, 0x2c, 0xff)), failsWith('malformed-request'));
      for (const bent of [
        { channelBinding: '!' },
        { proof: () => 'AA==' },
        { proof: () => 'A' },
        { finalExtensions: ',' },
      ]) {
        await assert.rejects(login(name, start(), { ...alice, ...bent }), failsWith('malformed-request'));
      }
    });
    it('is over after an end', async () => {
      const exchange = start();
      await login(name, exchange, alice);
      await assert.rejects(exchange.step(bytes('n,,n=alice,r=x')), failsWith('malformed-request'));
      const twice = start();
      const both = await Promise.allSettled([1, 2].map(() => twice.step(bytes('n,,n=alice,r=x'))));
      assert.deepEqual(
        both.map((r) => r.status),
        ['fulfilled', 'rejected'],
      );
    });
    it('says so when nobody can look the keys up', async () => {
      for (const lookup of [
        async () => Promise.reject(new Error('no responders')),
        async () => ({ exists: true, keys: [] }),
      ]) {
        const exchange = createMechanism(name, { domain: DOMAIN, lookup, ...SECURITY });
        await assert.rejects(login(name, exchange, alice), failsWith('temporary-auth-failure'));
      }
    });
  });
}

for (const name of SCRAM_NAMES) {
  describe(`${name}-PLUS (RFC 5802 §6)`, async () => {
    const lookup = await lookupOf({ alice: 'secret' });
    const alice = { name: 'alice', password: 'secret' };
    const start = (mechanism: string = `${name}-PLUS`) =>
      createMechanism(mechanism, { domain: DOMAIN, lookup, ...SECURITY, bindings: BINDINGS });
    const bound = (type: string, data = `of ${type}`) => {
      const header = `p=${type},,`;
      return { ...alice, header, channelBinding: bytes(header + data).toString('base64') };
    };

    it('lets in who sees the same channel', async () => {
      for (const type of BINDINGS.types) assert.equal(await login(name, start(), bound(type)), jid('alice'));
    });
    it('refuses who sees another one, or none', async () => {
      const fails = failsWith('not-authorized');
      await assert.rejects(login(name, start(), bound('tls-exporter', 'of somebody in between')), fails);
      await assert.rejects(login(name, start(), bound('tls-exporter', '')), fails);
    });
    it('refuses a type that it does not have', async () => {
      await assert.rejects(login(name, start(), bound('tls-unique')), failsWith('malformed-request'));
    });
    it('wants the flag of the mechanism', async () => {
      await assert.rejects(login(name, start(), alice), failsWith('malformed-request'));
      await assert.rejects(login(name, start(), { ...alice, header: 'y,,' }), failsWith('malformed-request'));
      await assert.rejects(login(name, start(name), bound('tls-exporter')), failsWith('malformed-request'));
    });
    it('whoever could bind and was not offered it, was lied to', async () => {
      await assert.rejects(login(name, start(name), { ...alice, header: 'y,,' }), failsWith('not-authorized'));
      assert.equal(await login(name, start(name), alice), jid('alice'));
    });
  });
}

describe('PLAIN', async () => {
  const lookup = await lookupOf({ alice: 'secret', böb: 'pass­wörd' });
  const step = (message: string) =>
    createMechanism('PLAIN', { domain: DOMAIN, lookup, ...SECURITY }).step(bytes(message));

  it('lets the right password in', async () => {
    assert.deepEqual(await step('\0alice\0secret'), { success: jid('alice') });
    assert.deepEqual(await step('alice@example.com\0Alice\0secret'), { success: jid('alice') });
    assert.deepEqual(await step('\0BÖB\0passwörd'), { success: jid('böb') });
  });
  it('also when the keys are of one mechanism only', async () => {
    const [, sha1] = await makeKeys('secret', ITERATIONS);
    assert.equal(sha1?.mechanism, 'SCRAM-SHA-1');
    const only = createMechanism('PLAIN', {
      domain: DOMAIN,
      lookup: async () => ({ exists: true, keys: [sha1] }),
      ...SECURITY,
    });
    assert.deepEqual(await only.step(bytes('\0alice\0secret')), { success: jid('alice') });
  });
  it('refuses the rest', async () => {
    for (const [message, condition] of [
      ['\0alice\0guess', 'not-authorized'],
      ['\0nobody\0decoy', 'not-authorized'],
      ['\0al@ice\0secret', 'not-authorized'],
      ['\0alice\0sec\u0007ret', 'not-authorized'],
      ['\0alice\0\u00ad', 'not-authorized'],
      ['bob@example.com\0alice\0secret', 'invalid-authzid'],
      ['\0alice', 'malformed-request'],
      ['\0alice\0', 'malformed-request'],
      ['\0\0secret', 'malformed-request'],
      ['\0alice\0sec\0ret', 'malformed-request'],
    ] as const) {
      await assert.rejects(step(message), failsWith(condition), JSON.stringify(message));
    }
  });
  it('is for connections that nobody listens to', () => {
    const options = { domain: DOMAIN, lookup, secure: false };
    assert.throws(() => createMechanism('PLAIN', { ...options, loopback: false }), failsWith('encryption-required'));
    assert.ok(createMechanism('PLAIN', { ...options, loopback: true }));
  });
});

describe('mechanisms', () => {
  it('are offered strongest first', () => {
    const unbound = MECHANISMS.filter((name) => !name.endsWith('-PLUS'));
    assert.deepEqual(mechanismsFor({ secure: true, loopback: false, bindings: BINDINGS }), [...MECHANISMS]);
    assert.deepEqual(mechanismsFor({ secure: true, loopback: false }), unbound);
    assert.deepEqual(mechanismsFor({ secure: false, loopback: true }), unbound);
    assert.deepEqual(mechanismsFor({ secure: false, loopback: false }), ['SCRAM-SHA-256', 'SCRAM-SHA-1']);
    assert.deepEqual(mechanismsFor({ ...SECURITY, available: ['PLAIN', 'SCRAM-SHA-1'] }), ['SCRAM-SHA-1', 'PLAIN']);
  });
  it('exist or do not', async () => {
    const options = { domain: DOMAIN, lookup: await lookupOf({}), ...SECURITY };
    for (const name of ['', 'scram-sha-1', 'SCRAM-SHA-1-PLUS', 'EXTERNAL', 'toString']) {
      assert.throws(() => createMechanism(name, options), failsWith('invalid-mechanism'));
    }
    assert.throws(
      () => createMechanism('PLAIN', { ...options, available: ['SCRAM-SHA-1'] }),
      failsWith('invalid-mechanism'),
    );
  });
});

describe('keys', () => {
  it('differ by salt, and refuse unusable passwords', async () => {
    const [a, b] = [await makeKeys('secret', ITERATIONS), await makeKeys('secret', ITERATIONS)];
    assert.deepEqual(
      a.map((k) => k.mechanism),
      SCRAM_NAMES,
    );
    assert.notDeepEqual(a[0]?.storedKey, b[0]?.storedKey);
    for (const password of ['', '\u00ad', 'a\u0000b', 'x'.repeat(1025), '\u0221']) {
      await assert.rejects(makeKeys(password, ITERATIONS), PasswordError, JSON.stringify(password));
    }
  });
  it('are derived in the same way for equal options', async () => {
    const options: DeriveOptions = { mechanism: 'SCRAM-SHA-1', salt: randomBytes(16), iterations: ITERATIONS };
    assert.deepEqual(await deriveKeys('\u2168', options), await deriveKeys('IX', options)); // RFC 4013 §3, example 5
  });
});

describe('base64 of SASL', () => {
  it('is what RFC 4648 writes, and nothing else', () => {
    assert.deepEqual(Buffer.from(decodeSaslText('AGE=')), bytes('\0a'));
    assert.equal(decodeSaslText('').length, 0);
    assert.equal(decodeSaslText('=').length, 0);
    for (const text of ['A', 'AGE', 'AGE==', 'AGF=', 'AG E=', 'AGE=\n', 'AG-_', '====', 'é'])
      assert.throws(() => decodeSaslText(text), failsWith('incorrect-encoding'), text);
    assert.throws(() => decodeSaslText('A'.repeat(10_000)), failsWith('malformed-request'));
    assert.deepEqual([undefined, bytes(''), bytes('\0a')].map(encodeSaslText), ['', '=', 'AGE=']);
  });
});

describe('whatever the client sends', async () => {
  const lookup = await lookupOf({ alice: 'secret' });
  const piece = fc.oneof(
    fc.constantFrom(
      'n,,',
      'y,,',
      'p=x,,',
      'n=alice',
      ',r=',
      'c=biws',
      ',p=',
      '\0',
      'alice',
      'secret',
      '=2C',
      ',',
      'm=',
      'p=tls-exporter',
    ),
    fc.string({ unit: 'grapheme', maxLength: 5 }),
  );
  const message = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.array(piece).map((pieces) => bytes(pieces.join(''))),
  );

  it('nothing but SaslError is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...MECHANISMS),
        fc.array(message, { minLength: 1, maxLength: 4 }),
        async (name, messages) => {
          const exchange = createMechanism(name, { domain: DOMAIN, lookup, ...SECURITY, bindings: BINDINGS });
          for (const m of messages) {
            await exchange.step(m).catch((error: unknown) => assert.ok(error instanceof SaslError, String(error)));
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
