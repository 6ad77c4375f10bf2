import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { connect, createServer, type PeerCertificate } from 'node:tls';
import { silentLogger } from '@starling/runtime';
import { makeSelfSigned } from './self-signed.ts';
import { CertificateError, openTlsIdentity, type TlsIdentity } from './tls-context.ts';

const DAY_MS = 86_400_000;
const folder = await mkdtemp(join(tmpdir(), 'starling-tls-'));
after(() => rm(folder, { recursive: true }));

const openOwn = (dataDir: string, domain = 'example.com') =>
  openTlsIdentity({ cert: '', key: '', dataDir, domain, log: silentLogger });
const keptIn = (dataDir: string) => join(dataDir, 'tls', 'self-signed.pem');

describe('a certificate of our own', () => {
  it('is for the domain, localhost and the XMPP address', async () => {
    const names: Readonly<Record<string, string>> = {
      localhost: 'DNS:localhost, othername:XmppAddr:localhost',
      'example.com': 'DNS:example.com, DNS:localhost, othername:XmppAddr:example.com',
      'bücher.example': 'DNS:xn--bcher-kva.example, DNS:localhost, othername:XmppAddr:bücher.example',
      '192.0.2.1': 'IP Address:192.0.2.1, DNS:localhost, othername:XmppAddr:192.0.2.1',
      '[2001:db8::1]': 'IP Address:2001:DB8:0:0:0:0:0:1, DNS:localhost, othername:XmppAddr:[2001:db8::1]',
      [`${'a'.repeat(63)}.${'b'.repeat(63)}.example`]: '',
    };
    for (const [domain, expected] of Object.entries(names)) {
      const certificate = new X509Certificate((await makeSelfSigned(domain)).cert);
      if (expected !== '') assert.equal(certificate.subjectAltName, expected);
      assert.ok(certificate.verify(certificate.publicKey));
      assert.equal(certificate.ca, false);
      assert.deepEqual(certificate.publicKey.asymmetricKeyDetails, { namedCurve: 'prime256v1' });
      const years = (Date.parse(certificate.validTo) - Date.now()) / DAY_MS / 365;
      assert.ok(years > 9.9 && years < 10.1);
    }
  });
  it('can be verified by who has it', async () => {
    const made = await makeSelfSigned('example.com');
    const server = createServer({ ...made }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const peer = await new Promise<PeerCertificate>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', servername: 'example.com', ca: made.cert }, () => {
        resolve(socket.getPeerCertificate());
        socket.destroy();
      });
      socket.on('error', reject);
    });
    assert.equal(peer.subject.CN, 'example.com');
    server.close();
  });
  it('is dated right also after 2049', async () => {
    const certificate = new X509Certificate((await makeSelfSigned('example.com', Date.UTC(2045, 0, 1))).cert);
    assert.equal(new Date(certificate.validFrom).getUTCFullYear(), 2044);
    assert.equal(
      new Date(certificate.validTo).toISOString(),
      new Date(Date.UTC(2045, 0, 1) + 3650 * DAY_MS).toISOString(),
    );
  });
  it('is kept, and read by its owner only', async () => {
    const dataDir = join(folder, 'kept');
    const [first, second] = [await openOwn(dataDir), await openOwn(dataDir)];
    assert.equal(first.fingerprint, second.fingerprint);
    assert.ok(first.selfSigned);
    assert.equal((await stat(keptIn(dataDir))).mode & 0o777, 0o600);
  });
  it('is made anew when it is of no use', async () => {
    const dataDir = join(folder, 'renewed');
    const old = await openOwn(dataDir);
    const other = await openOwn(dataDir, 'example.org');
    assert.notEqual(other.fingerprint, old.fingerprint);
    const pem = await readFile(keptIn(dataDir), 'utf8');
    const expiring = await makeSelfSigned('example.org', Date.now() - 3625 * DAY_MS);
    const foreign = await makeSelfSigned('example.org');
    for (const useless of [
      '',
      'rubbish',
      pem.slice(0, 400),
      expiring.key + expiring.cert,
      expiring.key + foreign.cert,
    ]) {
      await writeFile(keptIn(dataDir), useless);
      const renewed = await openOwn(dataDir, 'example.org');
      assert.ok(renewed.notAfter.getTime() > Date.now() + 3600 * DAY_MS);
      assert.equal((await openOwn(dataDir, 'example.org')).fingerprint, renewed.fingerprint);
    }
  });
  it('is one, when several processes start at once', async () => {
    const dataDir = join(folder, 'race');
    await Promise.all([1, 2, 3, 4].map(() => openOwn(dataDir)));
    const [a, b] = [await openOwn(dataDir), await openOwn(dataDir)];
    assert.equal(a.fingerprint, b.fingerprint);
  });
});

describe("the operator's certificate", () => {
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const openFiles = (cert: string, key: string): Promise<TlsIdentity> =>
    openTlsIdentity({ cert, key, dataDir: folder, domain: 'example.com', log: silentLogger });

  it('is loaded', async () => {
    const made = await makeSelfSigned('example.com');
    const identity = await openFiles(await write('cert.pem', made.cert), await write('key.pem', made.key));
    assert.equal(identity.selfSigned, false);
    assert.equal(identity.fingerprint, new X509Certificate(made.cert).fingerprint256);
  });
  it('or it is said what is wrong', async () => {
    const [made, other] = [await makeSelfSigned('example.com'), await makeSelfSigned('example.com')];
    const [cert, key] = [await write('cert.pem', made.cert), await write('key.pem', made.key)];
    const rubbish = await write('rubbish.pem', 'rubbish');
    for (const [c, k] of [
      [cert, ''],
      ['', key],
      [cert, await write('other.pem', other.key)],
      [cert, join(folder, 'missing.pem')],
      [cert, rubbish],
      [rubbish, key],
    ] as const) {
      await assert.rejects(openFiles(c, k), CertificateError, `${c} ${k}`);
    }
  });
});
