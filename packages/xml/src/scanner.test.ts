import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_LIMITS } from './limits.ts';
import type { Scanned } from './scanned.ts';
import { Scanner } from './scanner.ts';
import { BYTE_BY_BYTE, type FeedOptions, feed, WHOLE } from './testing/feed.ts';
import { XmlError } from './xml-error.ts';

const HEAD = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const END = '</stream:stream>';

/** Bytes from text and numbers. */
const bytes = (...parts: (string | readonly number[])[]) =>
  Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p) : Buffer.from(p))));

/** Reads the input whole, byte by byte and in random pieces: all have to be the same. Returns what it was. */
function read(input: Uint8Array | string, options: FeedOptions = {}) {
  const whole = feed(input, WHOLE, options);
  assert.deepEqual(feed(input, WHOLE, { ...options, pausing: true }), whole, 'pausing after every event');
  if (options.framing === 'message') return whole;
  assert.deepEqual(feed(input, BYTE_BY_BYTE, options), whole, 'byte by byte');
  assert.deepEqual(feed(input, BYTE_BY_BYTE, { ...options, pausing: true }), whole, 'byte by byte, pausing');
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(sizes, (some) => assert.deepEqual(feed(input, some, options), whole)),
    { numRuns: 15 },
  );
  return whole;
}

/** The condition with which the input is refused; '' when it is not. */
const refusal = (input: Uint8Array | string, options: FeedOptions = {}) => read(input, options).condition;

/** The only stanza of a stream, as the scanner describes it. */
function stanza(text: string | Uint8Array) {
  const { events, condition } = read(Buffer.concat([Buffer.from(HEAD), Buffer.from(text as string), Buffer.from(END)]));
  assert.equal(condition, '');
  assert.equal(events.length, 3);
  return JSON.parse((events[1] as string).slice('element '.length));
}

describe('the stream', () => {
  it('opens, carries elements, and closes', () => {
    const { events, condition } = read(`<?xml version='1.0'?>${HEAD}<a/> \n<b/>${END}\n`);
    assert.equal(condition, '');
    assert.deepEqual(
      events.map((e) => e.split(' ', 1)[0]),
      ['open', 'element', 'element', 'close'],
    );
  });

  it('tells the name, namespace, attributes and scope of its header', () => {
    const { events } = read(`${HEAD.replace('>', " to='a&amp;b' xml:lang='de'>")}`);
    assert.deepEqual(JSON.parse((events[0] as string).slice(5)), {
      name: 'stream',
      ns: 'http://etherx.jabber.org/streams',
      attrs: { to: 'a&b', 'xml:lang': 'de' },
      scope: { '': 'jabber:client', stream: 'http://etherx.jabber.org/streams' },
    });
  });

  it('may be prefix-free (RFC 6120 §4.8.2)', () => {
    const { events, condition } = read(
      "<stream xmlns='http://etherx.jabber.org/streams'><message xmlns='jabber:client'/></stream>",
    );
    assert.equal(condition, '');
    assert.match(events[1] as string, /"ns":"jabber:client"/);
  });

  it('may be one empty tag', () => {
    const { events } = read("<s:stream xmlns:s='http://etherx.jabber.org/streams'/>");
    assert.equal(events.length, 2);
    assert.equal(events[1], 'close');
  });

  for (const [what, prolog, condition] of [
    ['no declaration', '', ''],
    ['white space', ' \r\n\t', ''],
    ['a declaration', "<?xml version='1.0'?>", ''],
    ['a declaration and white space', '<?xml version = "1.0" ?>\n', ''],
    ['an encoding', '<?xml version="1.0" encoding="UTF-8"?>', ''],
    ['an encoding in small letters', "<?xml version='1.0' encoding='utf-8' ?>", ''],
    ['standalone (§11.5: to be ignored)', "<?xml version='1.0' encoding='UTF-8' standalone='no'?>", ''],
    ['standalone without an encoding', "<?xml version='1.0' standalone='yes'?>", ''],
    ['another encoding', "<?xml version='1.0' encoding='ISO-8859-1'?>", 'unsupported-encoding'],
    ['US-ASCII', "<?xml version='1.0' encoding='US-ASCII'?>", 'unsupported-encoding'],
    ['XML 1.1 (§11.8)', "<?xml version='1.1'?>", 'not-well-formed'],
    ['no version', "<?xml encoding='UTF-8'?>", 'not-well-formed'],
    ['another order', "<?xml encoding='UTF-8' version='1.0'?>", 'not-well-formed'],
    ['standalone with another value', "<?xml version='1.0' standalone='maybe'?>", 'not-well-formed'],
    ['quotes of two kinds', '<?xml version=\'1.0"?>', 'not-well-formed'],
    ['no white space', "<?xmlversion='1.0'?>", 'restricted-xml'],
    ['a bad encoding name', "<?xml version='1.0' encoding='8'?>", 'not-well-formed'],
    ['something else in it', "<?xml version='1.0' a='b'?>", 'not-well-formed'],
    ['a declaration behind white space', " <?xml version='1.0'?>", 'restricted-xml'],
    ['two declarations', "<?xml version='1.0'?><?xml version='1.0'?>", 'restricted-xml'],
    ['a declaration in capitals', "<?XML version='1.0'?>", 'restricted-xml'],
    ['a processing instruction', '<?xml-stylesheet href="a"?>', 'restricted-xml'],
    ['a comment', '<!-- a -->', 'restricted-xml'],
    ['a DTD', '<!DOCTYPE stream>', 'restricted-xml'],
    ['text', 'a', 'not-well-formed'],
    ['a reference', '&#32;', 'not-well-formed'],
    ['a CDATA section', '<![CDATA[ ]]>', 'not-well-formed'],
    ['an end tag', '</a>', 'not-well-formed'],
    ['a NUL', '\0', 'unsupported-encoding'],
    ['U+FEFF, which is no byte order mark (§11.6)', '\ufeff', 'not-well-formed'],
  ] as const) {
    it(`before its header: ${what} → ${condition || 'fine'}`, () => {
      assert.equal(refusal(prolog + HEAD), condition);
    });
  }

  it('is not UTF-16, either way round, with and without byte order mark', () => {
    const little = Buffer.from(HEAD, 'utf16le');
    const big = Buffer.from(little).swap16();
    for (const input of [little, big, bytes([0xff, 0xfe], [...little]), bytes([0xfe, 0xff], [...big])]) {
      assert.equal(refusal(input), 'unsupported-encoding');
    }
  });

  it('ends with the end tag of its own name', () => {
    assert.equal(refusal(`${HEAD}</stream:stream >`), '');
    assert.equal(refusal(`${HEAD}</stream>`), 'not-well-formed');
    assert.equal(refusal(`${HEAD}</stream:stream2>`), 'not-well-formed');
    assert.equal(refusal(`${HEAD}</stream:strea>`), 'not-well-formed');
    assert.equal(refusal(`${HEAD}</stream:stream a='b'>`), 'not-well-formed');
    assert.equal(refusal(`${HEAD}</ stream:stream>`), 'not-well-formed');
  });

  it('has nothing behind its end but white space', () => {
    assert.equal(refusal(`${HEAD}${END} \n`), '');
    for (const behind of ['a', '<a/>', HEAD, '&#32;']) assert.equal(refusal(HEAD + END + behind), 'not-well-formed');
  });

  it('separates stanzas by white space only (RFC 6120 §11.7)', () => {
    assert.equal(refusal(`${HEAD} \t\r\n<a/>\n\n<a/> `), '');
    for (const text of ['a', '\u00a0', '\ufeff', '&#32;', '&amp;', '<![CDATA[ ]]>', '\0', '>']) {
      assert.equal(refusal(`${HEAD}${text}<a/>`), 'invalid-xml', JSON.stringify(text));
    }
  });

  it('scopes what its header declares to itself', () => {
    const { events } = read(`${HEAD.replace('>', " xmlns:z='urn:z'>")}<a><z:b/></a>`);
    assert.match(events[1] as string, /"ns":"urn:z".*"selfContained":false/);
  });
});

describe('a stanza', () => {
  it('tells what its children are and where', () => {
    const text =
      "<message to='juliet@example.com' type='chat'><body>hi</body> <x:x xmlns:x='urn:x'><x:y/></x:x><active xmlns='urn:c'/></message>";
    const { children, ...rest } = stanza(text);
    assert.deepEqual(rest, {
      name: 'message',
      ns: 'jabber:client',
      attrs: { to: 'juliet@example.com', type: 'chat' },
      bytes: text,
      innerStart: text.indexOf('<body'),
      innerEnd: text.indexOf('</message'),
      scope: { '': 'jabber:client', stream: 'http://etherx.jabber.org/streams' },
    });
    assert.deepEqual(
      children.map((c: { name: string; ns: string; start: number; end: number; selfContained: boolean }) => [
        c.name,
        c.ns,
        text.slice(c.start, c.end),
        c.selfContained,
      ]),
      [
        ['body', 'jabber:client', '<body>hi</body>', true],
        ['x', 'urn:x', "<x:x xmlns:x='urn:x'><x:y/></x:x>", true],
        ['active', 'urn:c', "<active xmlns='urn:c'/>", true],
      ],
    );
  });

  it('has an empty inside at its end when it is one tag', () => {
    const { innerStart, innerEnd } = stanza("<presence id='1'/>");
    assert.deepEqual([innerStart, innerEnd], [18, 18]);
  });

  it('keeps bytes that nobody else writes to', () => {
    const kept: Scanned[] = [];
    const handler = { onStreamOpen() {}, onElement: (e: Scanned) => kept.push(e), onStreamClose() {} };
    const scanner = new Scanner('stream', DEFAULT_LIMITS, handler);
    scanner.write(Buffer.from(HEAD));
    const sizes = [10, 100, 1000, 5000, 20_000];
    for (let n = 0; n < 200; n++) {
      const chunk = Buffer.from(`<a id='${n}'>${'x'.repeat(sizes[n % 5] as number)}</a>`);
      scanner.write(chunk.subarray(0, 5));
      scanner.write(chunk.subarray(5));
      chunk.fill(0);
    }
    kept.forEach((e, n) => {
      assert.equal(Buffer.from(e.bytes).toString(), `<a id='${n}'>${'x'.repeat(sizes[n % 5] as number)}</a>`);
    });
  });

  for (const [what, child, expected] of [
    ['no prefix', '<b/>', true],
    ['a namespace of its own', "<b xmlns='urn:b'><c/></b>", true],
    ['no namespace', "<b xmlns=''/>", true],
    ['a prefix declared on it', "<p:b xmlns:p='urn:p' p:a='1'/>", true],
    ['a prefix declared and used within it', "<b><c xmlns:p='urn:p'><p:d/></c></b>", true],
    ['xml:lang', "<b xml:lang='de'/>", true],
    ['a prefix of the stanza', '<p:b/>', false],
    ['an attribute with a prefix of the stanza', "<b p:a='1'/>", false],
    ['a prefix of the stanza further in', '<b><c><p:d/></c></b>', false],
    ['a prefix of the stanza that it also declares, too late', "<b><p:c/><p:d xmlns:p='urn:p'/></b>", false],
    ['a prefix of the stream', '<stream:b/>', false],
  ] as const) {
    it(`has a child with ${what}: self-contained ${expected}`, () => {
      const { children } = stanza(`<a xmlns:p='urn:stanza'>${child}</a>`);
      assert.equal(children[0].selfContained, expected);
    });
  }

  it('has no self-contained child in the default namespace when that is not its own', () => {
    const { children } = stanza("<q:a xmlns:q='urn:q'><b/><c xmlns='urn:c'/></q:a>");
    assert.deepEqual(
      children.map((c: { selfContained: boolean }) => c.selfContained),
      [false, true],
    );
  });

  it('has attributes by name and namespace, however they are called', () => {
    const { attrs } = stanza("<a __proto__='1' constructor='2' p:a='3' xmlns:p='urn:p' a='4' xml:space='5'/>");
    assert.deepEqual(Object.entries(attrs), [
      ['__proto__', '1'],
      ['constructor', '2'],
      ['{urn:p}a', '3'],
      ['a', '4'],
      ['xml:space', '5'],
    ]);
  });

  it('knows a prefix whatever it is called', () => {
    const { children } = stanza(
      "<a xmlns:constructor='urn:c' xmlns:__proto__='urn:p'><constructor:b/><__proto__:b/></a>",
    );
    assert.deepEqual(
      children.map((c: { ns: string }) => c.ns),
      ['urn:c', 'urn:p'],
    );
    assert.equal(refusal(`${HEAD}<toString:a/>`), 'not-well-formed');
  });

  it('has attribute values normalised (XML 1.0 §3.3.3)', () => {
    const { attrs } = stanza(
      `<a b=' 1\t2\n3\r\n4\r5 ' c='&#9;&#10;&#13;&#x20;' d='"' e="'" f='&apos;&quot;&lt;&gt;&amp;' g='>]]>'/>`,
    );
    assert.deepEqual(attrs, { b: ' 1 2 3 4 5 ', c: '\t\n\r ', d: '"', e: "'", f: `'"<>&`, g: '>]]>' });
  });

  it('may be in any script', () => {
    const { name, attrs, children } = stanza("<信 至='小红@例子' é='ÿ😀'><体>罗密欧😀é</体></信>");
    assert.equal(name, '信');
    assert.deepEqual(attrs, { 至: '小红@例子', é: 'ÿ😀' });
    assert.equal(children[0].tree, '<{jabber:client}体>罗密欧😀é</{jabber:client}体>');
  });
});

const ACCEPTED: readonly (readonly [what: string, stanza: string])[] = [
  ['white space where it may be', '<a  b = \'c\'\n\td\r\n=\t"e" ><b\n/></a\n>'],
  ['empty elements of both forms', '<a></a>'],
  ['names with all that is allowed', '<_a-.1·><b:_ xmlns:b="urn:b"/></_a-.1·>'],
  ['a CDATA section', '<a><![CDATA[<&]] >]]]></a>'],
  ['an empty CDATA section', '<a><![CDATA[]]></a>'],
  ['CDATA with brackets', '<a><![CDATA[]]]]></a>'],
  ['text with brackets', '<a>]] > ]] ]&gt; ]]&gt;</a>'],
  ['quotes in text', `<a>'"</a>`],
  ['the five entities', '<a>&amp;&lt;&gt;&quot;&apos;</a>'],
  ['references', '<a>&#65;&#x41;&#x10FFFF;&#xd7ff;&#xE000;&#xfffd;&#9;&#xA;&#00000000000000000065;</a>'],
  ['U+FEFF in text (§11.6)', '<a>\ufeff</a>'],
  ['DEL and C1 controls', '<a>\x7f\x80\x9f</a>'],
  ['the last characters of all lengths', '<a>\x7f\u07ff\ud7ff\ue000\ufffd\u{1fffe}\u{10ffff}</a>'],
  ['a namespace undeclared', "<a><b xmlns=''/></a>"],
  ['a prefix bound anew', "<p:a xmlns:p='urn:1'><p:b xmlns:p='urn:2'/></p:a>"],
  ['the prefix xml bound to its own', "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='en'/>"],
  ['the prefix xml on an element', '<a><xml:b/></a>'],
  ['one local name in two namespaces', "<a b='1' p:b='2' q:b='3' xmlns:p='urn:p' xmlns:q='urn:q'/>"],
  ['attributes that differ in case', "<a b='1' B='2'/>"],
  ['a reserved name', "<xmlfoo XMLbar='1'/>"],
  ['a declaration behind its use', "<a p:b='1' xmlns:p='urn:p'/>"],
  ['a namespace with a reference', "<a xmlns:p='urn:&#112;'><p:b/></a>"],
  ['an attribute called xmlnsx', "<a xmlnsx='1' xmln='2'/>"],
];

describe('accepted', () => {
  for (const [what, text] of ACCEPTED) {
    it(what, () => assert.equal(refusal(HEAD + text + END), ''));
  }
});

const XML_NS = 'http://www.w3.org/XML/1998/namespace';
const XMLNS_NS = 'http://www.w3.org/2000/xmlns/';

const REFUSED: Readonly<Record<string, readonly (readonly [what: string, stanza: string | Uint8Array])[]>> = {
  'not-well-formed': [
    ['a tag not closed', `<a><b></a>${END}`],
    ['elements that overlap', '<a><b></a></b>'],
    ['an end tag of a longer name', '<a></ab>'],
    ['an end tag of a shorter name', '<ab></a>'],
    ['an end tag in another case', '<a></A>'],
    ['an end tag with another prefix of the same namespace', "<p:a xmlns:p='urn:1' xmlns:q='urn:1'></q:a>"],
    ['an end tag with an attribute', "<a></a b='1'>"],
    ['an end tag that is empty', '<a></>'],
    ['an end tag with white space before the name', '<a></ a>'],
    ['white space before a name', '< a/>'],
    ['a digit at the start of a name', '<1/>'],
    ['a hyphen at the start of a name', '<-a/>'],
    ['a full stop at the start of a name', '<.a/>'],
    ['a character that no name may have', '<a@b/>'],
    ['a multiplication sign in a name', '<a×b/>'],
    ['a combining character at the start of a name', '<\u0300a/>'],
    ['an attribute name that starts with a combining character', "<a \u0300a='1'/>"],
    ['a start tag in a start tag', '<a<b/>'],
    ['a slash and no >', '<a/ >'],
    ['two slashes', '<a//>'],
    ['an attribute without value', '<a b/>'],
    ['an attribute without value, =', '<a b=/>'],
    ['a value without quotes', '<a b=c/>'],
    ['a value with two kinds of quotes', `<a b='c"/><d e='f'/>`],
    ['attributes without white space between', "<a b='1'c='2'/>"],
    ['an attribute without name', "<a ='1'/>"],
    ["'<' in a value", "<a b='<'/>"],
    ['an attribute twice', "<a b='1' b='1'/>"],
    ['an attribute twice, far apart', "<a b='1' c='2' d='3' b='4'/>"],
    ['an attribute twice, by namespace', "<a p:b='1' q:b='2' xmlns:p='urn:1' xmlns:q='urn:1'/>"],
    ['an attribute twice, by namespace, nested', "<a xmlns:p='urn:1'><b><c xmlns:q='urn:1' p:b='1' q:b='2'/></b></a>"],
    [
      'an attribute twice, by a namespace that is written with a reference',
      "<a p:b='1' q:b='2' xmlns:p='urn:1' xmlns:q='urn:&#49;'/>",
    ],
    ['a declaration twice', "<a xmlns='urn:1' xmlns='urn:1'/>"],
    ['a prefix twice', "<a xmlns:p='urn:1' xmlns:p='urn:2'/>"],
    ['a prefix not declared (RFC 6120 §4.9.3.13)', '<a><foo:b/></a>'],
    ['a prefix not declared on an attribute', "<a foo:b='1'/>"],
    ['a prefix out of its scope', "<a><b xmlns:p='urn:1'/><p:c/></a>"],
    ['a prefix undeclared (Namespaces 1.0)', "<a xmlns:p=''/>"],
    ['two colons', "<a:b:c xmlns:a='urn:1'/>"],
    ['a colon first', '<:a/>'],
    ['a colon last', "<a: xmlns:a='urn:1'/>"],
    ['only a colon', '<:/>'],
    ['an attribute with a colon first', "<a :b='1'/>"],
    ['an attribute with a colon last', "<a b:='1' xmlns:b='urn:1'/>"],
    ['an attribute with two colons', "<a b:c:d='1' xmlns:b='urn:1'/>"],
    ['a local name that starts with a digit', "<p:1 xmlns:p='urn:1'/>"],
    ['xmlns: without prefix', "<a xmlns:='urn:1'/>"],
    ['the prefix xmlns on an element', '<xmlns:a/>'],
    ['the prefix xmlns declared', "<a xmlns:xmlns='urn:1'/>"],
    ['the prefix xmlns declared as its own', `<a xmlns:xmlns='${XMLNS_NS}'/>`],
    ['the prefix xml bound to another', "<a xmlns:xml='urn:1'/>"],
    ["another prefix bound to xml's", `<a xmlns:p='${XML_NS}'/>`],
    ["another prefix bound to xmlns's", `<a xmlns:p='${XMLNS_NS}'/>`],
    ["xml's as default", `<a xmlns='${XML_NS}'/>`],
    ["xmlns's as default", `<a xmlns='${XMLNS_NS}'/>`],
    ['a control character', '<a>\x01</a>'],
    ['a NUL', '<a>\0</a>'],
    ['a vertical tab', '<a>\x0b</a>'],
    ['a form feed in a tag', '<a\x0c/>'],
    ['a control character in a value', "<a b='\x1f'/>"],
    ['a control character in CDATA', '<a><![CDATA[\x08]]></a>'],
    ['a control character in a name', '<a\x08/>'],
    ['U+FFFE', '<a>\ufffe</a>'],
    ['U+FFFF', '<a>\uffff</a>'],
    ['U+FFFE in a value', "<a b='\ufffe'/>"],
    ['U+FFFF in CDATA', '<a><![CDATA[\uffff]]></a>'],
    ["']]>' in text", '<a>]]></a>'],
    ["']]>' in text after more brackets", '<a>a]]]></a>'],
    ["']]>' after a CDATA section", '<a><![CDATA[a]]>]]></a>'],
    ['an ampersand', '<a>&</a>'],
    ['an ampersand and white space', '<a>& amp;</a>'],
    ['an empty reference', '<a>&;</a>'],
    ['a reference without semicolon', '<a>&amp</a>'],
    ['a reference without semicolon, then another', '<a>&amp&amp;</a>'],
    ['a number without digits', '<a>&#;</a>'],
    ['a hexadecimal number without digits', '<a>&#x;</a>'],
    ['a number with a letter', '<a>&#6a;</a>'],
    ['a capital X', '<a>&#X41;</a>'],
    ['a sign', '<a>&#-1;</a>'],
    ['a reference to NUL', '<a>&#0;</a>'],
    ['a reference to a control character', '<a>&#x1f;</a>'],
    ['a reference to a surrogate', '<a>&#xd800;</a>'],
    ['a reference to the last surrogate', '<a>&#57343;</a>'],
    ['a reference to U+FFFE', '<a>&#xfffe;</a>'],
    ['a reference beyond Unicode', '<a>&#x110000;</a>'],
    ['a reference far beyond Unicode', `<a>&#${'9'.repeat(400)};</a>`],
    ['a reference to a control character in a value', "<a b='&#1;'/>"],
    ['a CDATA section in small letters', '<a><![cdata[]]></a>'],
    ['a conditional section', '<a><![INCLUDE[]]></a>'],
    ['a CDATA section not closed', `<a><![CDATA[</a>${END}]]x`.concat('</a>\0')],
  ],
  'restricted-xml': [
    ['a comment', '<a><!-- b --></a>'],
    ['a comment between stanzas', '<!-- b --><a/>'],
    ['a processing instruction', '<a><?b c?></a>'],
    ['a processing instruction between stanzas', '<?b c?><a/>'],
    ['an XML declaration in a stanza', "<a><?xml version='1.0'?></a>"],
    ['an XML declaration between stanzas', "<?xml version='1.0'?><a/>"],
    ['a DTD', '<!DOCTYPE a><a/>'],
    ['a DTD in a stanza', "<a><!DOCTYPE a [<!ENTITY b 'c'>]></a>"],
    ['an entity declaration', "<!ENTITY b 'c'><a/>"],
    ['an entity that is not predefined', '<a>&nbsp;</a>'],
    ['an entity that begins like one that is', '<a>&ampx;</a>'],
    ['an entity in a value', "<a b='&b;'/>"],
    ['an entity with a long name', `<a>&${'b'.repeat(100)};</a>`],
  ],
  'bad-namespace-prefix': [
    ['a prefix on a stanza (RFC 6120 §4.8.5)', "<foo:message xmlns:foo='jabber:client'/>"],
    ['a prefix on a child in the content namespace', "<message xmlns:foo='jabber:client'><foo:body/></message>"],
    ['a prefix for the namespace between servers', "<message><x><foo:body xmlns:foo='jabber:server'/></x></message>"],
  ],
  'unsupported-encoding': [
    ['a continuation byte alone', bytes('<a>', [0x80], '</a>')],
    ['an overlong slash of two bytes', bytes('<a>', [0xc0, 0xaf], '</a>')],
    ['an overlong letter of two bytes', bytes('<a>', [0xc1, 0x81], '</a>')],
    ['an overlong slash of three bytes', bytes('<a>', [0xe0, 0x80, 0xaf], '</a>')],
    ['an overlong slash of four bytes', bytes('<a>', [0xf0, 0x80, 0x80, 0xaf], '</a>')],
    ['the longest overlong form of three bytes', bytes('<a>', [0xe0, 0x9f, 0xbf], '</a>')],
    ['the longest overlong form of four bytes', bytes('<a>', [0xf0, 0x8f, 0xbf, 0xbf], '</a>')],
    ['a surrogate', bytes('<a>', [0xed, 0xa0, 0x80], '</a>')],
    ['a pair of surrogates', bytes('<a>', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80], '</a>')],
    ['a character beyond U+10FFFF', bytes('<a>', [0xf4, 0x90, 0x80, 0x80], '</a>')],
    ['five bytes', bytes('<a>', [0xf8, 0x88, 0x80, 0x80, 0x80], '</a>')],
    ['0xFF', bytes('<a>', [0xff], '</a>')],
    ['a character cut short by a tag', bytes('<a>', [0xe2, 0x82], '</a>')],
    ['a character cut short by another', bytes('<a>', [0xe2, 0xc3, 0xa9], '</a>')],
    ['ISO-8859-1', bytes('<a>caf', [0xe9], '</a>')],
    ['in a value', bytes("<a b='", [0xc0, 0x80], "'/>")],
    ['in a name', bytes('<a', [0xc3, 0x28], '/>')],
    ['at the start of a name', bytes('<', [0x80], 'a/>')],
    ['at the start of an attribute name', bytes('<a ', [0xff], "='1'/>")],
    ['behind a colon', bytes('<a:', [0xff], '/>')],
    ['in CDATA', bytes('<a><![CDATA[', [0xed, 0xbf, 0xbf], ']]></a>')],
  ],
};

for (const [condition, cases] of Object.entries(REFUSED)) {
  describe(condition, () => {
    for (const [what, text] of cases) {
      it(what, () => {
        const input = Buffer.concat([Buffer.from(`${HEAD}<before/>`), Buffer.from(text as string)]);
        const { events, condition: found } = read(input);
        assert.equal(found, condition);
        assert.equal(events.length, 2, 'what was before is delivered, what was refused is not');
      });
    }
  });
}

describe('limits', () => {
  const SHORT_HEAD = "<s:s xmlns='jabber:client' xmlns:s='urn:s'>";
  const limits = {
    stanzaBytes: 100,
    headerBytes: 120,
    depth: 3,
    attributes: 3,
    nameBytes: 10,
    namespaceBytes: 20,
    prefixes: 3,
  };
  const fits = (text: string, options: FeedOptions = {}) => refusal(text, { limits, ...options });

  it('of the defaults are at least what RFC 6120 §13.12 asks for', () => {
    assert.ok(DEFAULT_LIMITS.stanzaBytes >= 10_000);
  });

  it('namespaceBytes bounds what a prefix, the default, or the stream declares', () => {
    const [fitting, long] = ['u'.repeat(20), 'u'.repeat(21)];
    for (const [uri, expected] of [
      [fitting, ''],
      [long, 'policy-violation'],
    ] as const) {
      assert.equal(fits(`${SHORT_HEAD}<a xmlns:p='${uri}'/>`), expected);
      assert.equal(fits(`${SHORT_HEAD}<a xmlns='${uri}'/>`), expected);
      assert.equal(fits(`<s:s xmlns='${uri}' xmlns:s='urn:s'>`), expected);
    }
  });

  it('stanzaBytes counts the stanza and nothing else', () => {
    const exact = `<a>${'b'.repeat(93)}</a>`;
    assert.equal(exact.length, 100);
    assert.equal(fits(`${SHORT_HEAD}${' '.repeat(500)}${exact}${exact}`), '');
    assert.equal(fits(`${SHORT_HEAD}<a>${'b'.repeat(94)}</a>`), 'policy-violation');
  });

  it('stanzaBytes refuses at the limit, whatever is being read, and holds no more than that', () => {
    for (const endless of [
      `<${'a'.repeat(400)}`,
      `<a ${' '.repeat(400)}`,
      `<a b='${'c'.repeat(400)}`,
      `<a>${'b'.repeat(400)}`,
      `<a>${'é'.repeat(400)}`,
      `<a><![CDATA[${'b'.repeat(400)}`,
      `<a>&#${'0'.repeat(400)}`,
      `<a></a${' '.repeat(400)}`,
      `<a>${'<b></b>'.repeat(100)}`,
    ]) {
      assert.equal(fits(SHORT_HEAD + endless), 'policy-violation', endless.slice(0, 20));
    }
  });

  it('stanzaBytes ends a stanza at the first byte too many, headerBytes a header', () => {
    for (const [endless, before] of [
      ["<a b='", SHORT_HEAD],
      ["<s b='", ''],
    ] as const) {
      let written = 0;
      const scanner = new Scanner(
        'stream',
        { ...DEFAULT_LIMITS, stanzaBytes: 1000, headerBytes: 1000 },
        { onStreamOpen() {}, onElement() {}, onStreamClose() {} },
      );
      scanner.write(Buffer.from(before));
      scanner.write(Buffer.from(endless));
      const one = Buffer.from('x');
      assert.throws(() => {
        for (;;) written += scanner.write(one);
      }, XmlError);
      assert.equal(endless.length + written, 1000);
    }
  });

  it('stanzaBytes is what is found first, whatever the pieces', () => {
    assert.equal(fits(`${SHORT_HEAD}<a>${'b'.repeat(200)}\0`), 'policy-violation');
    assert.equal(fits(`${SHORT_HEAD}<a>${'b'.repeat(90)}\0`), 'not-well-formed');
  });

  it('headerBytes holds for the header and the XML declaration', () => {
    assert.equal(fits(`${' '.repeat(500)}<a b='${'c'.repeat(100)}'>`), '');
    assert.equal(fits(`<a b='${'c'.repeat(120)}'>`), 'policy-violation');
    assert.equal(fits(`<?xml version='1.0'${' '.repeat(120)}?>`), 'policy-violation');
  });

  it('depth counts the stanza', () => {
    assert.equal(fits(`${SHORT_HEAD}<a><b><c/></b></a>`), '');
    assert.equal(fits(`${SHORT_HEAD}<a><b><c><d/></c></b></a>`), 'policy-violation');
    assert.equal(fits(`${SHORT_HEAD}<a>${'<b/>'.repeat(10)}</a>`), '');
  });

  it('attributes counts declarations', () => {
    assert.equal(fits(`${SHORT_HEAD}<a b='1' c='2' xmlns='urn:1'/>`), '');
    assert.equal(fits(`${SHORT_HEAD}<a b='1' c='2' d='3' xmlns='urn:1'/>`), 'policy-violation');
  });

  it('nameBytes counts the whole name', () => {
    assert.equal(fits(`${SHORT_HEAD}<a234567890/>`), '');
    assert.equal(fits(`${SHORT_HEAD}<a2345678901/>`), 'policy-violation');
    assert.equal(fits(`${SHORT_HEAD}<a b2345678901=''/>`), 'policy-violation');
    assert.equal(fits(`${SHORT_HEAD}<éééééé/>`), 'policy-violation');
  });

  it('prefixes counts what is in force, the header included', () => {
    assert.equal(fits(`${SHORT_HEAD}<a xmlns:b='1'><c xmlns:d='2'/><c xmlns:d='2'/></a>`), '');
    assert.equal(fits(`${SHORT_HEAD}<a xmlns:b='1'><c xmlns:d='2' xmlns:e='3'/></a>`), 'policy-violation');
  });

  it('tells which one it was', () => {
    const scanner = new Scanner(
      'stream',
      { ...DEFAULT_LIMITS, ...limits },
      { onStreamOpen() {}, onElement() {}, onStreamClose() {} },
    );
    scanner.write(Buffer.from(SHORT_HEAD));
    assert.throws(
      () => scanner.write(Buffer.from("<a b='' c='' d='' e=''/>")),
      (error) => error instanceof XmlError && error.limit === 'attributes',
    );
  });
});

describe('a message (RFC 7395 §3.3)', () => {
  const message = (text: string | Uint8Array) => read(text, { framing: 'message' });

  it('is one element', () => {
    const { events, condition } = message(
      "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.com' version='1.0'/>",
    );
    assert.equal(condition, '');
    assert.deepEqual(JSON.parse((events[0] as string).slice('element '.length)), {
      name: 'open',
      ns: 'urn:ietf:params:xml:ns:xmpp-framing',
      attrs: { to: 'example.com', version: '1.0' },
      bytes: "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.com' version='1.0'/>",
      children: [],
      innerStart: 82,
      innerEnd: 82,
      scope: { '': 'urn:ietf:params:xml:ns:xmpp-framing' },
    });
  });

  it('may have an XML declaration, and white space behind', () => {
    const { events, condition } = message("<?xml version='1.0'?>\n<a/>\n");
    assert.equal(condition, '');
    assert.match(events[0] as string, /"bytes":"<a\/>"/);
  });

  for (const [what, text, condition] of [
    ['white space', ' ', 'not-well-formed'],
    ['white space first', ' <a/>', 'not-well-formed'],
    ['half an element', '<a>', 'not-well-formed'],
    ['only a declaration', "<?xml version='1.0'?>", 'not-well-formed'],
    ['two elements', '<a/><a/>', 'not-well-formed'],
    ['text behind', '<a/>b', 'not-well-formed'],
    ['an end tag', '</a>', 'not-well-formed'],
    ['a comment', '<!-- a --><a/>', 'restricted-xml'],
    ['a comment behind', '<a/><!-- a -->', 'not-well-formed'],
    ['a stream header', HEAD, 'not-well-formed'],
    ['a prefix that only TCP declares', '<stream:features/>', 'not-well-formed'],
  ] as const) {
    it(`is not ${what}`, () => {
      const { events, condition: found } = message(text);
      assert.equal(found, condition);
      assert.deepEqual(events, [], 'nothing is delivered before all of it has been seen');
    });
  }

  it('is not empty', () => {
    const scanner = new Scanner('message', DEFAULT_LIMITS, { onStreamOpen() {}, onElement() {}, onStreamClose() {} });
    assert.throws(() => scanner.write(new Uint8Array(0)), XmlError);
  });

  it('starts anew each time, with its own namespaces, at an offset if need be', () => {
    const names: string[] = [];
    const onElement = (e: Scanned) => names.push(`${e.ns} ${e.name} ${JSON.stringify(e.scope)}`);
    const scanner = new Scanner('message', DEFAULT_LIMITS, { onStreamOpen() {}, onElement, onStreamClose() {} });
    scanner.write(Buffer.from("<a xmlns='urn:a' xmlns:p='urn:p'/>"));
    scanner.write(Buffer.from('junk<b/>'), 4);
    assert.deepEqual(names, ['urn:a a {"":"urn:a","p":"urn:p"}', ' b {}']);
    assert.throws(() => scanner.write(Buffer.from('<p:a/>')), XmlError);
  });

  it('is limited', () => {
    assert.equal(
      read(`<a>${'b'.repeat(94)}</a>`, { framing: 'message', limits: { stanzaBytes: 100 } }).condition,
      'policy-violation',
    );
    assert.equal(
      read(`<a>${'b'.repeat(93)}</a>\n`, { framing: 'message', limits: { stanzaBytes: 100 } }).condition,
      '',
    );
  });
});

describe('streams that are read in turn', () => {
  const opened = (declared: string) => {
    const elements: Scanned[] = [];
    const onElement = (e: Scanned) => elements.push(e);
    const scanner = new Scanner('stream', DEFAULT_LIMITS, { onStreamOpen() {}, onElement, onStreamClose() {} });
    scanner.write(Buffer.from(`<s:stream xmlns:s='http://etherx.jabber.org/streams' ${declared}>`));
    return { scanner, elements };
  };

  it('have each what they have declared, the same or another', () => {
    const declarations = [
      "xmlns='jabber:client'",
      "xmlns='jabber:client' xmlns:x='urn:x'",
      "xmlns='jabber:client' xmlns:x='urn:y'",
    ];
    const streams = [...declarations, ...declarations].map(opened);
    for (let round = 0; round < 3; round++)
      for (const [n, { scanner }] of streams.entries())
        scanner.write(Buffer.from(n % 3 === 0 ? "<a xmlns='urn:own'/><b/>" : "<x:a xmlns:z='urn:z'/><b/>"));
    streams.forEach(({ elements }, n) => {
      const own = ['urn:own', 'urn:x', 'urn:y'][n % 3];
      assert.deepEqual(
        elements.map(({ name, ns }) => `${name} ${ns}`),
        [0, 1, 2].flatMap(() => [`a ${own}`, 'b jabber:client']),
      );
      assert.equal(elements.at(-1)?.scope.x, [undefined, 'urn:x', 'urn:y'][n % 3]);
      assert.equal(elements.at(-1)?.scope.z, undefined);
    });
  });

  it('and refuse a prefix that only another one has declared', () => {
    const [one, other] = [opened("xmlns='jabber:client' xmlns:x='urn:x'"), opened("xmlns='jabber:client'")];
    one.scanner.write(Buffer.from('<x:a/>'));
    assert.throws(() => other.scanner.write(Buffer.from('<x:a/>')), { condition: 'not-well-formed' });
  });
});

describe('the handler', () => {
  function record(onEvent: (event: string, scanner: Scanner) => void) {
    const scanner: Scanner = new Scanner('stream', DEFAULT_LIMITS, {
      onStreamOpen: (head) => onEvent(`open ${head.attrs.to ?? ''}`, scanner),
      onElement: (element) => onEvent(element.name, scanner),
      onStreamClose: () => onEvent('close', scanner),
    });
    return scanner;
  }

  it('pauses: write returns how far it has read', () => {
    const events: string[] = [];
    const scanner = record((event, s) => {
      events.push(event);
      s.pause();
    });
    const input = Buffer.from(`${HEAD}<a/><b/>${END}`);
    let read = scanner.write(input);
    assert.equal(read, HEAD.length);
    read = scanner.write(input, read);
    assert.equal(read, HEAD.length + 4);
    assert.deepEqual(events, ['open ', 'a']);
    read = scanner.write(input, read);
    read = scanner.write(input, read);
    assert.equal(read, input.length);
    assert.deepEqual(events, ['open ', 'a', 'b', 'close']);
  });

  it('pauses in the middle of what was joined from pieces', () => {
    const names: string[] = [];
    const scanner = record((event, s) => {
      names.push(event);
      s.pause();
    });
    assert.equal(scanner.write(Buffer.from('<stream')), 7);
    const rest = Buffer.from('><a/>');
    assert.equal(scanner.write(rest), 1);
    assert.equal(scanner.write(rest, 1), 5);
    assert.deepEqual(names, ['open ', 'a']);
  });

  for (const pausing of [false, true]) {
    for (const size of [1, 3, 1000]) {
      it(`restarts: the next byte begins a new stream (pausing: ${pausing}, pieces of ${size})`, () => {
        const events: string[] = [];
        const scanner = record((event, s) => {
          events.push(event);
          if (event !== 'auth') return;
          if (pausing) s.pause();
          s.restart();
        });
        const input = Buffer.from(
          `<?xml version='1.0'?><s:stream to='1' xmlns:s='urn:s' xmlns:old='urn:old'><auth/><?xml version='1.0'?><t:stream to='2' xmlns:t='urn:t'><a><t:b/></a></t:stream>`,
        );
        for (let i = 0; i < input.length; i += size) {
          const piece = input.subarray(i, i + size);
          for (let read = 0; read < piece.length; ) read = scanner.write(piece, read);
        }
        assert.deepEqual(events, ['open 1', 'auth', 'open 2', 'a', 'close']);
      });
    }
  }

  it('restarts with nothing left of the old stream', () => {
    const scanner = record((event, s) => {
      if (event === 'auth') s.restart();
    });
    scanner.write(Buffer.from("<s:stream xmlns:s='urn:s' xmlns='jabber:client'><auth/><t:stream xmlns:t='urn:t'>"));
    assert.throws(() => scanner.write(Buffer.from('<s:a/>')), { condition: 'not-well-formed' });
  });

  it('restarts after a pause, from outside', () => {
    const events: string[] = [];
    const scanner = record((event, s) => {
      events.push(event);
      if (event === 'auth') s.pause();
    });
    const input = Buffer.from("<stream><auth/><stream to='2'>");
    const read = scanner.write(input);
    scanner.restart();
    scanner.write(input, read);
    assert.deepEqual(events, ['open ', 'auth', 'open 2']);
  });

  it('restarts after the end of the stream', () => {
    const events: string[] = [];
    const scanner = record((event, s) => {
      events.push(event);
      if (event === 'close') s.restart();
    });
    scanner.write(Buffer.from('<stream/><stream></stream><stream>'));
    assert.deepEqual(events, ['open ', 'close', 'open ', 'close', 'open ']);
  });

  it('hears nothing more after an error: each write throws it again', () => {
    const events: string[] = [];
    const scanner = record((event) => events.push(event));
    let first: unknown;
    assert.throws(
      () => scanner.write(Buffer.from('<stream><a/>x')),
      (error) => {
        first = error;
        return error instanceof XmlError;
      },
    );
    assert.throws(
      () => scanner.write(Buffer.from('<a/>')),
      (error) => error === first,
    );
    assert.deepEqual(events, ['open ', 'a']);
  });

  it('may throw: the scanner is dead then', () => {
    const scanner = record((event) => {
      if (event === 'a') throw new TypeError('a bug');
    });
    assert.throws(() => scanner.write(Buffer.from('<stream><a/><b/>')), TypeError);
    assert.throws(() => scanner.write(Buffer.from('<b/>')), TypeError);
  });

  it('gets the same from a Uint8Array at an offset in its memory', () => {
    const events: string[] = [];
    const scanner = record((event) => events.push(event));
    const memory = new Uint8Array(100).fill(0x40);
    memory.set(Buffer.from('<stream><a/>'), 30);
    assert.equal(scanner.write(memory.subarray(20, 42), 10), 22);
    assert.deepEqual(events, ['open ', 'a']);
  });
});
