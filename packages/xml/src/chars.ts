/** Bits of BYTE_CLASS. Bytes from 0x80 on have none: they are decoded and judged as characters. */
export const NAME_START = 1;
export const NAME = 2;
export const SPACE = 4;
/** May stand in text and needs no second look. '>' does, for `]]>`. */
export const TEXT = 8;
/** May stand in an attribute value and stays as it is. Quotes, '&', '<' and line ends need a second look. */
export const VALUE = 16;
/** May stand in a CDATA section and needs no second look. */
export const CDATA = 32;

/** What an ASCII byte may be. The colon is in no class: XML-NAMES gives it a meaning of its own. */
export const BYTE_CLASS: Uint8Array = classify();

function classify(): Uint8Array {
  const table = new Uint8Array(256);
  for (let c = 0; c < 0x80; c++) {
    const ch = String.fromCharCode(c);
    const space = c === 0x20 || c === 0x09 || c === 0x0a || c === 0x0d;
    const legal = c >= 0x20 || space;
    let bits = 0;
    if (/[A-Za-z_]/.test(ch)) bits |= NAME_START;
    if (/[A-Za-z_0-9.-]/.test(ch)) bits |= NAME;
    if (space) bits |= SPACE;
    if (legal && !/[<&>]/.test(ch)) bits |= TEXT;
    if (c >= 0x20 && !/[<&'"]/.test(ch)) bits |= VALUE;
    if (legal && ch !== '>') bits |= CDATA;
    table[c] = bits;
  }
  return table;
}

/** XML 1.0 (fifth edition) production 4, above ASCII. */
export function isNameStartCharacter(cp: number): boolean {
  return (
    (cp >= 0xc0 && cp <= 0x2ff && cp !== 0xd7 && cp !== 0xf7) ||
    (cp >= 0x370 && cp <= 0x1fff && cp !== 0x37e) ||
    cp === 0x200c ||
    cp === 0x200d ||
    (cp >= 0x2070 && cp <= 0x218f) ||
    (cp >= 0x2c00 && cp <= 0x2fef) ||
    (cp >= 0x3001 && cp <= 0xd7ff) ||
    (cp >= 0xf900 && cp <= 0xfdcf) ||
    (cp >= 0xfdf0 && cp <= 0xfffd) ||
    (cp >= 0x10000 && cp <= 0xeffff)
  );
}

/** Production 4a, above ASCII. */
export function isNameCharacter(cp: number): boolean {
  return isNameStartCharacter(cp) || cp === 0xb7 || (cp >= 0x300 && cp <= 0x36f) || cp === 0x203f || cp === 0x2040;
}

/** Production 2. */
export function isCharacter(cp: number): boolean {
  return (
    (cp >= 0x20 && cp <= 0xd7ff) ||
    cp === 0x09 ||
    cp === 0x0a ||
    cp === 0x0d ||
    (cp >= 0xe000 && cp <= 0xfffd) ||
    (cp >= 0x10000 && cp <= 0x10ffff)
  );
}
