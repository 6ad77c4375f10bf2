// The two PRECIS profiles that addresses use (RFC 8265): what maps first, what is checked then.
import { obeysBidiRule } from './bidi.ts';
import { classOf } from './code-point-class.ts';
import { Context } from './context-rules.ts';
import { JidError } from './jid-error.ts';
import { PART_BYTES_MAX } from './plain.ts';

/** Rounds of mapping until the text is stable (RFC 8264 §7: the first, and three more). */
const MAPPING_ROUNDS_MAX = 4;

// Decompositions <wide> and <narrow>. NFKC goes further than those for a few of them (Hangul jamo, macron), but what
// they map to is outside the IdentifierClass either way.
const WIDE_OR_NARROW = /[\u3000\uff01-\uffee]/gu;
const NON_ASCII_SPACE = /(?! )\p{Zs}/gu;

// RFC 8265 §3.3. Letter by letter: RFC 7622 §3.5 wants no special treatment of the sigma at the end of a word.
const mapUsername = (text: string) =>
  text
    .replace(WIDE_OR_NARROW, (char) => char.normalize('NFKC'))
    .replaceAll('Σ', 'σ')
    .toLowerCase()
    .normalize('NFC');

// RFC 8265 §4.2
const mapOpaque = (text: string) => text.replace(NON_ASCII_SPACE, ' ').normalize('NFC');

/**
 * The UsernameCaseMapped profile of the IdentifierClass.
 * @throws JidError
 */
export function enforceUsernameCaseMapped(text: string): string {
  const mapped = mapUntilStable(text, mapUsername);
  requireShort(mapped);
  if (!isOfClass(mapped, false)) throw new JidError('a character that is not allowed');
  if (!obeysBidiRule(mapped)) throw new JidError('characters of both directions mixed');
  return mapped;
}

/**
 * The OpaqueString profile of the FreeformClass.
 * @throws JidError
 */
export function enforceOpaqueString(text: string): string {
  const mapped = mapUntilStable(text, mapOpaque);
  requireShort(mapped);
  if (!isOfClass(mapped, true)) throw new JidError('a character that is not allowed');
  return mapped;
}

/** Whether all of a string is in the IdentifierClass, or in the FreeformClass (RFC 8264 §4). */
export function isOfClass(text: string, freeform: boolean): boolean {
  const chars = Array.from(text);
  const context = new Context(chars);
  for (let at = 0; at < chars.length; at++) {
    const kind = classOf(chars[at] as string);
    if (kind === 'valid') continue;
    if (kind === 'freeform' ? !freeform : kind === 'disallowed' || !context.isAllowed(at)) return false;
  }
  return true;
}

/** RFC 7622 §3.3.1, §3.4.1: before each character is looked at. */
function requireShort(mapped: string): void {
  if (Buffer.byteLength(mapped) > PART_BYTES_MAX) throw new JidError('too long');
}

function mapUntilStable(text: string, map: (text: string) => string): string {
  let current = text;
  for (let round = 0; round < MAPPING_ROUNDS_MAX; round++) {
    const next = map(current);
    if (next === current) return current;
    current = next;
  }
  throw new JidError('characters that have no stable form');
}
