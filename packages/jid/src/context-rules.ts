// The rules of context of RFC 5892 Appendix A, which PRECIS shares with IDNA2008 (RFC 8264 §9.6, §9.8).
import regexes from 'tr46/lib/regexes.js';

const GREEK = /\p{Script=Greek}/u;
const HEBREW = /\p{Script=Hebrew}/u;
const KANA_OR_HAN = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u;
const ARABIC_INDIC_DIGIT = /[\u0660-\u0669]/u;
const EXTENDED_ARABIC_INDIC_DIGIT = /[\u06f0-\u06f9]/u;
const ZWNJ = '\u200c';

/** Code points of a whole string or label, and what of all of them a rule asks for: that is looked for once, however many ask. */
export class Context {
  readonly chars: readonly string[];
  #hasKanaOrHan: boolean | undefined;
  #hasArabicIndic: boolean | undefined;
  #hasExtendedArabicIndic: boolean | undefined;

  constructor(chars: readonly string[]) {
    this.chars = chars;
  }

  /** Whether the one at this place, whose class is 'context', may stand there. */
  isAllowed(at: number): boolean {
    const { chars } = this;
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
        this.#hasKanaOrHan ??= this.#has(KANA_OR_HAN);
        return this.#hasKanaOrHan;
      default: // A.8, A.9: the two kinds of digits do not mix
        return this.#isUnmixed(char);
    }
  }

  #isUnmixed(char: string): boolean {
    if (ARABIC_INDIC_DIGIT.test(char)) {
      this.#hasExtendedArabicIndic ??= this.#has(EXTENDED_ARABIC_INDIC_DIGIT);
      return !this.#hasExtendedArabicIndic;
    }
    if (!EXTENDED_ARABIC_INDIC_DIGIT.test(char)) return false;
    this.#hasArabicIndic ??= this.#has(ARABIC_INDIC_DIGIT);
    return !this.#hasArabicIndic;
  }

  #has(what: RegExp): boolean {
    return this.chars.some((char) => what.test(char));
  }
}

// The expression asks for a ZWNJ between joining letters anywhere: show it this one only.
function joinsOnBothSides(chars: readonly string[], at: number): boolean {
  const previous = chars.lastIndexOf(ZWNJ, at - 1);
  const next = chars.indexOf(ZWNJ, at + 1);
  const start = at === 0 ? 0 : previous + 1;
  return regexes.validZWNJ.test(chars.slice(start, next < 0 ? chars.length : next).join(''));
}
