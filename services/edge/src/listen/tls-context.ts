import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Logger } from '@starling/runtime';
import { keptSelfSigned } from './self-signed.ts';

/** The certificate that this server shows, ready to be used by any number of connections. */
export interface TlsIdentity {
  /** Read at each handshake, so that a renewed certificate can take its place. */
  readonly context: SecureContext;
  /** Made by ourselves: nobody can verify it. */
  readonly selfSigned: boolean;
  /** SHA-256 of the certificate, hexadecimal with colons. */
  readonly fingerprint: string;
  readonly notAfter: Date;
}

/** The certificate or its key cannot be used, and why. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

export interface TlsOptions {
  /** PEM file of the chain, our own certificate first (RFC 8446 §4.4.2); '' with an empty `key`: self-signed. */
  readonly cert: string;
  /** PEM file of the private key. */
  readonly key: string;
  /** Where the self-signed one is kept, in a folder `tls`. */
  readonly dataDir: string;
  readonly domain: string;
  readonly log: Logger;
}

/**
 * The operator's certificate, or one of our own for `domain` and localhost: made at the first start and kept; made anew when it is about to expire, is
 * for another domain, or cannot be read.
 * @throws CertificateError: only one of the two files is named, one is unreadable or not PEM, the key belongs to another certificate;
 * the error of the file system, for our own
 */
export async function openTlsIdentity({ cert, key, dataDir, domain, log }: TlsOptions): Promise<TlsIdentity> {
  const selfSigned = cert === '' && key === '';
  const identity = selfSigned
    ? identityOf(await keptSelfSigned({ domain, folder: join(dataDir, 'tls') }), true)
    : await loadIdentity(cert, key);
  const { fingerprint, notAfter } = identity;
  log.info({ what: 'certificate_loaded', selfSigned, fingerprint, notAfter: notAfter.toISOString() });
  return identity;
}

/** @throws CertificateError */
export async function loadIdentity(certFile: string, keyFile: string): Promise<TlsIdentity> {
  if (certFile === '' || keyFile === '')
    throw new CertificateError('a certificate needs its key, and a key its certificate');
  const [cert, key] = await Promise.all([readPem(certFile), readPem(keyFile)]);
  try {
    return identityOf({ cert, key }, false);
  } catch (cause) {
    throw new CertificateError(`${certFile}, ${keyFile}: ${messageOf(cause)}`, { cause });
  }
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new CertificateError(`${file}: ${messageOf(cause)}`, { cause });
  }
}

function identityOf({ cert, key }: { cert: string; key: string }, selfSigned: boolean): TlsIdentity {
  const certificate = new X509Certificate(cert);
  if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error('the key is not that of the certificate');
  const notAfter = new Date(certificate.validTo);
  // RFC 7590 §3 and RFC 9325 §3.1.1: nothing below TLS 1.2.
  const context = createSecureContext({ cert, key, minVersion: 'TLSv1.2', honorCipherOrder: true });
  return { context, selfSigned, fingerprint: certificate.fingerprint256, notAfter };
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
