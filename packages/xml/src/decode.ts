const AMP = 0x26;
const HASH = 0x23;
const LOWER_X = 0x78;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;

/** What text stands for: references resolved, line ends made one (XML 1.0 §2.11). The range has been scanned before. */
export function decodeText(bytes: Buffer, start: number, end: number): string {
  let out = '';
  let from = start;
  for (let i = start; i < end; ) {
    const c = bytes[i];
    if (c === AMP) {
      out += bytes.toString('utf8', from, i);
      const semicolon = bytes.indexOf(0x3b, i);
      out += reference(bytes, i + 1, semicolon);
      i = from = semicolon + 1;
    } else if (c === CR) {
      out += `${bytes.toString('utf8', from, i)}\n`;
      i += bytes[i + 1] === LF && i + 1 < end ? 2 : 1;
      from = i;
    } else i++;
  }
  return out + bytes.toString('utf8', from, end);
}

/** What a CDATA section stands for: as text, without references. */
export function decodeCdata(bytes: Buffer, start: number, end: number): string {
  const raw = bytes.toString('utf8', start, end);
  return raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw;
}

/** What an attribute value stands for: references resolved, white space made spaces (XML 1.0 §3.3.3). The range has been scanned before. */
export function decodeValue(bytes: Buffer, start: number, end: number): string {
  let out = '';
  let from = start;
  for (let i = start; i < end; ) {
    const c = bytes[i];
    if (c === AMP) {
      out += bytes.toString('utf8', from, i);
      const semicolon = bytes.indexOf(0x3b, i);
      out += reference(bytes, i + 1, semicolon);
      i = from = semicolon + 1;
    } else if (c === TAB || c === LF || c === CR) {
      out += `${bytes.toString('utf8', from, i)} `;
      i += c === CR && bytes[i + 1] === LF && i + 1 < end ? 2 : 1;
      from = i;
    } else i++;
  }
  return out + bytes.toString('utf8', from, end);
}

/** What stands between '&' and ';'. */
function reference(bytes: Buffer, start: number, end: number): string {
  if (bytes[start] === HASH) {
    const hex = bytes[start + 1] === LOWER_X;
    return String.fromCodePoint(Number.parseInt(bytes.toString('latin1', start + (hex ? 2 : 1), end), hex ? 16 : 10));
  }
  switch (bytes[start]) {
    case 0x6c:
      return '<';
    case 0x67:
      return '>';
    case 0x71:
      return '"';
    default:
      return bytes[start + 1] === 0x6d ? '&' : "'";
  }
}
