// RFC 6120 §11.3: nobody may generate what is not well-formed. A character that XML has no way to write becomes U+FFFD;
// TextEncoder does the same with a lone surrogate.
const TEXT_SPECIAL = /[^\t\n -%'-;=?-\ufffd]/;
const TEXT_SPECIALS = /[^\t\n -%'-;=?-\ufffd]/g;
const VALUE_SPECIAL = /[^ !#-%(-;=?-\ufffd]/;
const VALUE_SPECIALS = /[^ !#-%(-;=?-\ufffd]/g;

/** `text` as it stands between tags. */
export function escapeText(text: string): string {
  return TEXT_SPECIAL.test(text) ? text.replace(TEXT_SPECIALS, escapeCharacter) : text;
}

/** `value` as it stands between quotes of either kind. */
export function escapeAttribute(value: string): string {
  return VALUE_SPECIAL.test(value) ? value.replace(VALUE_SPECIALS, escapeCharacter) : value;
}

function escapeCharacter(character: string): string {
  switch (character) {
    case '&':
      return '&amp;';
    case '<':
      return '&lt;';
    case '>':
      return '&gt;';
    case "'":
      return '&apos;';
    case '"':
      return '&quot;';
    // As they are, a reader would make spaces or line feeds of them (XML 1.0 §2.11, §3.3.3).
    case '\t':
      return '&#9;';
    case '\n':
      return '&#10;';
    case '\r':
      return '&#13;';
    default:
      return '\ufffd';
  }
}
