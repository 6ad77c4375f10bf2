import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import type { EdgeConfig } from '@starling/edge';
import { failed, messageOf, type Outcome, ok, warning } from './finding.ts';

const DAY_MS = 86_400_000;
/** Let's Encrypt renews 30 days before the end: whoever is below that has a renewal that does not work. */
const DAYS_LEFT_WARNING = 20;

export function checkCertificate({ tlsCert, tlsKey, dataDir, domain }: EdgeConfig, nowMs: number): Outcome {
  if (tlsCert === '' && tlsKey === '') {
    const kept = existsSync(join(dataDir, 'tls', 'self-signed.pem'));
    return warning(
      `self-signed${kept ? '' : ', to be made at the first start'}: set STARLING_TLS_CERT and STARLING_TLS_KEY`,
    );
  }
  if (tlsCert === '' || tlsKey === '') return failed('STARLING_TLS_CERT and STARLING_TLS_KEY belong together');
  try {
    const certificate = new X509Certificate(readFileSync(tlsCert));
    if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(tlsKey))))
      return failed(`${tlsKey} is not the key of ${tlsCert}`);
    return judgeCertificate(certificate, domain, nowMs);
  } catch (error) {
    // Policy: what cannot be read is the finding.
    return failed(`${tlsCert}, ${tlsKey}: ${messageOf(error)}`);
  }
}

/** Whether it is valid now, for long enough, and for the domain. */
export function judgeCertificate(certificate: X509Certificate, domain: string, nowMs: number): Outcome {
  const { subject, validFrom, validTo } = certificate;
  if (Date.parse(validFrom) > nowMs) return failed(`not valid before ${validFrom}`);
  const daysLeft = Math.floor((Date.parse(validTo) - nowMs) / DAY_MS);
  if (Date.parse(validTo) < nowMs) return failed(`expired on ${validTo}`);
  if (certificate.checkHost(domainToASCII(domain), { subject: 'default' }) === undefined)
    return failed(
      `it is for ${subject.replaceAll('\n', ', ')}, ${certificate.subjectAltName ?? ''}, not for ${domain}`,
    );
  const text = `for ${domain}, ${daysLeft} days left`;
  return daysLeft < DAYS_LEFT_WARNING ? warning(text) : ok(text);
}
