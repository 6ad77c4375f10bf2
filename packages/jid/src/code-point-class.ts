// The derivation of RFC 8264 §8 over the categories of its §9, on the Unicode data of Node's ICU (docs/adr/0003).

/**
 * What PRECIS says of a code point: valid in every string class, valid in the FreeformClass only, valid where a rule of
 * context allows it, or never.
 */
export type CodePointClass = 'valid' | 'freeform' | 'context' | 'disallowed';

// §9.6 = RFC 5892 §2.6
const EXCEPTION_VALID = /[\u00df\u03c2\u06fd\u06fe\u0f0b\u3007]/u;
const EXCEPTION_CONTEXT = /[\u00b7\u0375\u05f3\u05f4\u30fb\u0660-\u0669\u06f0-\u06f9]/u;
const EXCEPTION_DISALLOWED = /[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b]/u;
// §9.8
const JOIN_CONTROL = /\p{Join_Control}/u;
// §9.9: Hangul_Syllable_Type L, V and T fill these blocks (what is unassigned in them is refused before).
const OLD_HANGUL_JAMO = /[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]/u;
// §9.10
const UNASSIGNED = /(?!\p{Noncharacter_Code_Point})\p{Cn}/u;
// §9.12, §9.13
const CONTROL_OR_IGNORABLE = /[\p{Cc}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u;
// §9.1
const LETTER_OR_DIGIT = /[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]/u;
// §9.18, §9.14, §9.15, §9.16
const OTHER_LETTER_SPACE_SYMBOL_PUNCTUATION = /[\p{Lt}\p{Nl}\p{No}\p{Me}\p{Zs}\p{S}\p{P}]/u;

/** The class of one code point, given as a string (a lone surrogate is disallowed). The order is §8's. */
export function classOf(char: string): CodePointClass {
  if (char >= '\x21' && char <= '\x7e') return 'valid'; // §9.11 ASCII7; before the rest, which has nothing in this range
  if (EXCEPTION_VALID.test(char)) return 'valid';
  if (EXCEPTION_CONTEXT.test(char)) return 'context';
  if (EXCEPTION_DISALLOWED.test(char)) return 'disallowed';
  if (UNASSIGNED.test(char)) return 'disallowed';
  if (JOIN_CONTROL.test(char)) return 'context';
  if (OLD_HANGUL_JAMO.test(char)) return 'disallowed';
  if (CONTROL_OR_IGNORABLE.test(char)) return 'disallowed';
  if (char.normalize('NFKC') !== char) return 'freeform'; // §9.17 HasCompat
  if (LETTER_OR_DIGIT.test(char)) return 'valid';
  if (OTHER_LETTER_SPACE_SYMBOL_PUNCTUATION.test(char)) return 'freeform';
  return 'disallowed';
}
