import { createHash } from 'node:crypto';
import type { DiscoForm, DiscoInfo, Identity } from '@starling/feature-api';

/** The verification string of what an entity says of itself (§5.1), by SHA-1, which everybody has to know (§11). */
export function verificationString(info: DiscoInfo): string {
  return createHash('sha1').update(factorsOf(info)).digest('base64');
}

function factorsOf({ identities, features, forms }: DiscoInfo): string {
  const factors = [
    ...identities.map(identityFactor).sort(byOctets),
    ...[...features].sort(byOctets),
    ...[...forms].sort((a, b) => byOctets(a.type, b.type)).flatMap(formFactors),
  ];
  return factors.map((factor) => `${factor}<`).join('');
}

// Category, type and language come first in the text and differ, so that sorting the whole sorts by them; a slash in one of
// them would not, but no registered category or type has one.
const identityFactor = ({ category, type, lang = '', name = '' }: Identity): string =>
  `${category}/${type}/${lang}/${name}`;

function formFactors({ type, fields }: DiscoForm): readonly string[] {
  const sorted = [...fields].sort((a, b) => byOctets(a.var, b.var));
  return [type, ...sorted.flatMap((field) => [field.var, ...[...field.values].sort(byOctets)])];
}

/** "i;octet" (RFC 4790 §9.3): JavaScript's own order is by UTF-16 units, which is another one beyond the first plane. */
const byOctets = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
