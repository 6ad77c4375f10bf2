// The rules of context of RFC 5892 Appendix A, which PRECIS shares with IDNA2008 (RFC 8264 §9.6, §9.8).
import regexes from 'tr46/lib/regexes.js';

const GREEK = /\p{Script=Greek}/u;
const HEBREW = /\p{Script=Hebrew}/u;
const KANA_OR_HAN = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u;
const ARABIC_INDIC_DIGIT = /[\u0660-\u0669]/u;
const EXTENDED_ARABIC_INDIC_DIGIT = /[\u06f0-\u06f9]/u;
const ZWNJ = '\u200c';

/** Whether chars[at], whose class is 'context', may stand where it stands. `chars` are the code points of the whole string or label. */
export function isAllowedInContext(chars: readonly string[], at: number): boolean {
  const char = chars[at] ?? '';
  const before = chars[at - 1] ?? '';
  const after = chars[at + 1] ?? '';
  switch (char) {
    case ZWNJ: // A.1
      return regexes.combiningClassVirama.test(before) || joinsOnBothSides(chars, at);
    case '\u200d': // A.2 ZERO WIDTH JOINER
      return regexes.combiningClassVirama.test(before);
    case '\u00b7': // A.3 MIDDLE DOT
      return before === 'l' && after === 'l';
    case '\u0375': // A.4 GREEK LOWER NUMERAL SIGN
      return GREEK.test(after);
    case '\u05f3': // A.5 HEBREW PUNCTUATION GERESH
    case '\u05f4': // A.6 HEBREW PUNCTUATION GERSHAYIM
      return HEBREW.test(before);
    case '\u30fb': // A.7 KATAKANA MIDDLE DOT
      return chars.some((c) => KANA_OR_HAN.test(c));
    default: // A.8, A.9: the two kinds of digits do not mix
      return ARABIC_INDIC_DIGIT.test(char)
        ? !chars.some((c) => EXTENDED_ARABIC_INDIC_DIGIT.test(c))
        : EXTENDED_ARABIC_INDIC_DIGIT.test(char) && !chars.some((c) => ARABIC_INDIC_DIGIT.test(c));
  }
}

// The expression asks for a ZWNJ between joining letters anywhere: show it this one only.
function joinsOnBothSides(chars: readonly string[], at: number): boolean {
  const previous = chars.lastIndexOf(ZWNJ, at - 1);
  const next = chars.indexOf(ZWNJ, at + 1);
  const start = at === 0 ? 0 : previous + 1;
  return regexes.validZWNJ.test(chars.slice(start, next < 0 ? chars.length : next).join(''));
}
