import { isIPv6 } from 'node:net';
import tr46 from 'tr46';
import { JidError } from './jid-error.ts';
import { isOfClass } from './precis.ts';

const OPTIONS = {
  checkHyphens: true,
  checkBidi: true,
  checkJoiners: true,
  useSTD3ASCIIRules: true,
  transitionalProcessing: false,
};
const NOT_ASCII = /[^\0-\x7f]/;
// RFC 5892 §2.4: blocks that IDNA2008 ignores and the IdentifierClass does not.
const IGNORABLE_BLOCKS = /[\u20d0-\u20ff\u{1d100}-\u{1d24f}]/u;

/** Prepared names that are kept: UTS #46 costs 13 µs a name, and a server sees the same few on every stanza. */
const CACHED_MAX = 1024;
const CACHED_UNITS_MAX = 255;
const cache = new Map<string, string>();

/**
 * enforceDomain with a memory of its last results, for the names that are not plain ASCII.
 * @throws JidError
 */
export function enforceDomainCached(text: string): string {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const domain = enforceDomain(text);
  if (text.length <= CACHED_UNITS_MAX) {
    // First in, first out: strangers may push out our own names, which then cost as much as without a cache.
    if (cache.size >= CACHED_MAX) cache.delete(cache.keys().next().value ?? '');
    cache.set(text, domain);
  }
  return domain;
}

/**
 * The canonical form of a domain name or IP address: U-labels in lower case, without a final dot (RFC 7622 §3.2).
 * UTS #46 maps; IDNA2008 (RFC 5892), which is narrower, then decides.
 * @throws JidError
 */
export function enforceDomain(text: string): string {
  if (text.startsWith('[')) return enforceIpLiteral(text);
  const { domain, error } = tr46.toUnicode(text, OPTIONS);
  const name = domain.endsWith('.') ? domain.slice(0, -1) : domain;
  if (error || !name.split('.').every(isLabel)) throw new JidError('a character or label that is not allowed');
  if (tr46.toASCII(name, { ...OPTIONS, verifyDNSLength: true }) === null) {
    throw new JidError('an empty label, or longer than the DNS allows');
  }
  return name;
}

const isLabel = (label: string) => !NOT_ASCII.test(label) || (isOfClass(label, false) && !IGNORABLE_BLOCKS.test(label));

/** RFC 3986 §3.2.2, in the one form of RFC 5952. A zone (RFC 6874) means something on one machine only, so it is refused. */
function enforceIpLiteral(text: string): string {
  const address = text.slice(1, -1);
  if (!text.endsWith(']') || address.includes('%') || !isIPv6(address)) throw new JidError('not an IPv6 address');
  return new URL(`http://[${address}]/`).hostname;
}
