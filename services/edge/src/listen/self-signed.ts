import { createPrivateKey, generateKeyPair, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import { promisify } from 'node:util';
import { bitString, context, integer, octetString, oid, sequence, set, TRUE, time, utf8String } from './der.ts';
import { addressBytes } from './peer.ts';

const DAY_MS = 86_400_000;
/** Nobody verifies it but those who pinned it: it should stay the same for long. */
const LIFETIME_MS = 3650 * DAY_MS;
const RENEW_BEFORE_MS = 30 * DAY_MS;
/** A peer's clock may be behind ours. */
const BACKDATE_MS = DAY_MS;
/** ub-common-name of RFC 5280. */
const COMMON_NAME_MAX = 64;

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  /** RFC 6120 §13.7.1.4 */
  xmppAddr: '1.3.6.1.5.5.7.8.5',
} as const;

/** PEM of both. */
export interface CertificateAndKey {
  readonly cert: string;
  readonly key: string;
}

/**
 * The self-signed certificate of a domain, from `folder`/self-signed.pem or made now and written there. Key and certificate are in one file, so that two
 * processes that start at once never leave a pair that does not match.
 * @throws the error of the file system
 */
export async function keptSelfSigned({
  domain,
  folder,
}: {
  domain: string;
  folder: string;
}): Promise<CertificateAndKey> {
  const file = join(folder, 'self-signed.pem');
  const kept = await readKept(file);
  if (kept !== undefined && isUsable(kept, domain)) return { cert: kept, key: kept };
  const made = await makeSelfSigned(domain);
  await mkdir(folder, { recursive: true });
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(temporary, made.key + made.cert, { mode: 0o600, flag: 'wx' });
  await rename(temporary, file);
  return made;
}

/**
 * A new ECDSA P-256 certificate, valid for ten years from `nowMs`. The libraries that make certificates come with a dozen packages each and change
 * global objects when imported; RFC 5280 asks for little here.
 */
export async function makeSelfSigned(domain: string, nowMs = Date.now()): Promise<CertificateAndKey> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(oid(OID.commonName), utf8String(hostOf(domain).slice(0, COMMON_NAME_MAX)))));
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const unsigned = sequence(
    context(0, integer(Buffer.of(2))), // version 3
    integer(serialNumber()),
    algorithm,
    name,
    sequence(time(new Date(nowMs - BACKDATE_MS)), time(new Date(nowMs + LIFETIME_MS))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    context(3, sequence(...extensions(domain))),
  );
  const certificate = sequence(unsigned, algorithm, bitString(sign('sha256', unsigned, privateKey)));
  return { cert: new X509Certificate(certificate).toString(), key: pemOf(privateKey) };
}

function extensions(domain: string): Buffer[] {
  const digitalSignature = bitString(Buffer.of(0x80), 7);
  return [
    sequence(oid(OID.basicConstraints), TRUE, octetString(sequence())),
    sequence(oid(OID.keyUsage), TRUE, octetString(digitalSignature)),
    sequence(oid(OID.extendedKeyUsage), octetString(sequence(oid(OID.serverAuth)))),
    sequence(oid(OID.subjectAltName), octetString(sequence(...alternativeNames(domain)))),
  ];
}

/** The domain as DNS name (A-labels: RFC 6125 §6.4.2) or address, and as XmppAddr; and localhost. */
function alternativeNames(domain: string): Buffer[] {
  const host = hostOf(domain);
  const dnsName = (text: string) => context(2, Buffer.from(text), { primitive: true });
  return [
    isIP(host) === 0 ? dnsName(host) : context(7, addressBytes(host), { primitive: true }),
    ...(host === 'localhost' ? [] : [dnsName('localhost')]),
    context(0, Buffer.concat([oid(OID.xmppAddr), context(0, utf8String(domain))])),
  ];
}

/** 16 bytes, positive and without a leading zero, as DER wants an integer. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

async function readKept(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // No file is the first start; anything else would fail again when the new one is written over it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isUsable(pem: string, domain: string): boolean {
  const host = hostOf(domain);
  try {
    const certificate = new X509Certificate(pem);
    const covers = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host);
    const expires = new Date(certificate.validTo).getTime();
    return (
      covers !== undefined &&
      expires > Date.now() + RENEW_BEFORE_MS &&
      certificate.checkPrivateKey(createPrivateKey(pem))
    );
  } catch {
    // A damaged file is replaced: what it held is of use to nobody.
    return false;
  }
}

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** The domain as TLS knows it: an address without brackets, or A-labels. */
function hostOf(domain: string): string {
  const address = domain.startsWith('[') ? domain.slice(1, -1) : domain;
  return isIP(address) === 0 ? domainToASCII(domain) || domain : address;
}
