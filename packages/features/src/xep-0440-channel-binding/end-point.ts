import { createHash } from 'node:crypto';

const SEQUENCE = 0x30;
const OBJECT_IDENTIFIER = 0x06;
const LONG_LENGTH = 0x80;
const LENGTH_BYTES_MAX = 4;

/**
 * The hash that RFC 5929 §4.1 takes, by the signature algorithm of the certificate (its OID in DER, hexadecimal): MD5 and SHA-1 are replaced by
 * SHA-256. RSASSA-PSS has its hash in parameters, EdDSA has none: they are undefined there, or need more than a look at the OID.
 */
const HASHES: Readonly<Record<string, string>> = {
  '2a864886f70d010104': 'sha256', // md5WithRSAEncryption
  '2a864886f70d010105': 'sha256', // sha1WithRSAEncryption
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d0401': 'sha256', // ecdsa-with-SHA1
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
};

/** The data of tls-server-end-point (RFC 5929 §4): a hash of the server's certificate, DER; undefined where that is not defined. */
export function endPointOf(certificate: Uint8Array): Uint8Array | undefined {
  const hash = HASHES[signatureAlgorithmOf(certificate) ?? ''];
  return hash === undefined ? undefined : createHash(hash).update(certificate).digest();
}

/** RFC 5280 §4.1: Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER … }, … }. */
function signatureAlgorithmOf(certificate: Uint8Array): string | undefined {
  const outer = valueAt(certificate, 0, SEQUENCE);
  const signed = outer && valueAt(certificate, outer.start, SEQUENCE);
  const algorithm = signed && valueAt(certificate, signed.end, SEQUENCE);
  const identifier = algorithm && valueAt(certificate, algorithm.start, OBJECT_IDENTIFIER);
  return identifier && Buffer.from(certificate.subarray(identifier.start, identifier.end)).toString('hex');
}

/** Where the content of the value at `at` lies; undefined when there is none with this tag. */
function valueAt(der: Uint8Array, at: number, tag: number): { start: number; end: number } | undefined {
  const first = der[at + 1];
  if (der[at] !== tag || first === undefined) return undefined;
  let start = at + 2;
  let length = first;
  if (first >= LONG_LENGTH) {
    const bytes = first - LONG_LENGTH;
    if (bytes > LENGTH_BYTES_MAX) return undefined;
    length = 0;
    for (const byte of der.subarray(start, start + bytes)) length = length * 256 + byte;
    start += bytes;
  }
  return start + length <= der.length ? { start, end: start + length } : undefined;
}
