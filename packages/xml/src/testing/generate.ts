/** A number below `n`. */
export type Random = (n: number) => number;

/** The same numbers for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)] as T;
const times = (random: Random, most: number, make: () => string) =>
  Array.from({ length: random(most + 1) }, make).join('');

const NAMES = ['a', 'b', 'message', 'x-y', '_', 'q1', 'xmlx', 'é', '信', '\u{10000}n', 'A', '__proto__', 'to.'];
const PREFIXES = ['p', 'q', 'stream', 'pp', 'constructor', 'ü'];
const URIS = ['urn:1', 'urn:2', 'http://example.org/&amp;x', 'urn:&#49;', 'urn:é', 'urn:1\t2'];
const SPACES = [' ', '\n', '\t', '\r\n', '  ', '\r'];
const TEXTS = [
  ...[
    'hi',
    ' ',
    '\n',
    '\r\n',
    '\r',
    '\t',
    ']',
    ']]',
    '] ]>'.slice(0, 3),
    'é',
    '罗密欧',
    '😀',
    '\ufeff',
    '\x7f',
    '\u{10ffff}',
    '\ufffd',
  ],
  ...[
    '&amp;',
    '&lt;',
    '&gt;',
    '&quot;',
    '&apos;',
    '&#65;',
    '&#x1F600;',
    '&#13;',
    '&#10;',
    '&#9;',
    '&#0032;',
    '"',
    "'",
    '/',
    '=',
  ],
];
const CDATA = ['<![CDATA[]]>', '<![CDATA[<a>&amp;]]>', '<![CDATA[]]]]>', '<![CDATA[\r\né]] >]]>', '<![CDATA[x]>]]>'];

/** A well-formed document of one element, without a declaration, that uses most of what XMPP allows. */
export function generateDocument(random: Random): string {
  return element(random, new Set(), 0);
}

function element(random: Random, outer: ReadonlySet<string>, depth: number): string {
  const scope = new Set(outer);
  const attributes = new Map<string, string>();
  if (random(4) === 0) attributes.set('xmlns', random(4) === 0 ? '' : pick(random, URIS));
  for (let n = random(3); n > 0; n--) {
    const prefix = pick(random, PREFIXES);
    scope.add(prefix);
    attributes.set(`xmlns:${prefix}`, pick(random, URIS));
  }
  const prefixed = (name: string) =>
    scope.size > 0 && random(3) === 0 ? `${pick(random, [...scope])}:${name}` : random(12) === 0 ? `xml:${name}` : name;
  for (let n = random(4); n > 0; n--) {
    const name = pick(random, NAMES);
    // One local name only once, since two prefixes may mean the same.
    if (![...attributes.keys()].some((key) => key === name || key.endsWith(`:${name}`))) {
      attributes.set(
        prefixed(name),
        times(random, 3, () => pick(random, [...TEXTS, '>', ']]>'])),
      );
    }
  }
  const space = () => times(random, 1, () => pick(random, SPACES));
  const written = [...attributes].map(([name, value]) => {
    const quote = value.includes("'") ? '"' : value.includes('"') ? "'" : pick(random, ["'", '"']);
    const safe = value.replaceAll(quote, '&quot;'.repeat(random(2)));
    return `${pick(random, SPACES)}${name}${space()}=${space()}${quote}${safe}${quote}`;
  });
  if (random(2) === 0) written.reverse();
  const name = prefixed(pick(random, NAMES));
  const tag = `<${name}${written.join('')}${space()}`;
  if (random(4) === 0) return `${tag}/>`;
  const most = depth > 4 ? 0 : 4;
  const content = times(random, most, () => {
    const kind = random(6);
    if (kind < 3) return element(random, scope, depth + 1);
    return kind === 5 ? pick(random, CDATA) : times(random, 4, () => pick(random, TEXTS));
  });
  return `${tag}>${content}</${name}${space()}>`;
}

const FRAGMENTS = [
  ...[
    '<',
    '>',
    '/',
    '&',
    ';',
    '=',
    '"',
    "'",
    ':',
    ' ',
    '!',
    '?',
    '[',
    ']',
    ']]>',
    '<!--',
    '-->',
    '<![CDATA[',
    '<?a?>',
    '<!--a-->',
    '<!-- -->',
    '<?b c?>',
    '&#',
    '&#x',
    '&a;',
  ],
  ...[
    'xmlns',
    'xmlns:p="urn:1"',
    ' xmlns=""',
    ' a=""',
    'xml:',
    'p:',
    '</a>',
    '<a>',
    '<a/>',
    '\0',
    '\x01',
    '\x1f',
    '\ufffe',
    '\uffff',
    '0',
    '-',
    '.',
  ],
].map((fragment) => Buffer.from(fragment));
const BAD_BYTES = [
  [0x80],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xff],
  [0xe2, 0x82],
  [0xef, 0xbf, 0xbe],
].map((b) => Buffer.from(b));

/** The document with a few of its bytes changed. */
export function mutate(random: Random, document: string): Buffer {
  let bytes = Buffer.from(document);
  for (let n = 1 + random(2); n > 0; n--) {
    const at = random(bytes.length + 1);
    const before = bytes.subarray(0, at);
    const length = random(5);
    switch (random(6)) {
      case 0:
        bytes = Buffer.concat([before, bytes.subarray(at + length)]);
        break;
      case 1:
        bytes = Buffer.concat([before, pick(random, BAD_BYTES), bytes.subarray(at)]);
        break;
      case 2: {
        const from = random(bytes.length + 1);
        bytes = Buffer.concat([before, bytes.subarray(from, from + random(30)), bytes.subarray(at)]);
        break;
      }
      case 3:
        bytes = Buffer.concat([before, Buffer.from([random(256)]), bytes.subarray(at + 1)]);
        break;
      default:
        bytes = Buffer.concat([before, pick(random, FRAGMENTS), bytes.subarray(at + (random(2) === 0 ? length : 0))]);
    }
  }
  return bytes;
}
