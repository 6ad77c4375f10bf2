import regexes from 'tr46/lib/regexes.js';

/** The Bidi Rule of RFC 5893 §2, which a string with a right-to-left character has to obey (RFC 8264 §5.2.5). */
export function obeysBidiRule(text: string): boolean {
  if (!regexes.bidiDomain.test(text)) return true;
  const first = String.fromCodePoint(text.codePointAt(0) ?? 0);
  if (regexes.bidiS1RTL.test(first)) {
    return (
      regexes.bidiS2.test(text) &&
      regexes.bidiS3.test(text) &&
      !(regexes.bidiS4EN.test(text) && regexes.bidiS4AN.test(text))
    );
  }
  return regexes.bidiS1LTR.test(first) && regexes.bidiS5.test(text) && regexes.bidiS6.test(text);
}
