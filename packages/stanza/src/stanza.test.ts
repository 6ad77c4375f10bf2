import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Jid, makeBareJid, makeFullJid, parseJid } from '@starling/jid';
import { DEFAULT_LIMITS, type Element, type Scanned, Scanner, XmlError } from '@starling/xml';
import fc from 'fast-check';
import { el, NS, Stanza, StanzaError, type StanzaKind, StreamError, storedBytes } from './index.ts';

/** What a scanner makes of one stanza in a client's stream whose header declares the prefix `p`. */
function scan(xml: string, chunkBytes = Number.POSITIVE_INFINITY): Scanned {
  const seen: Scanned[] = [];
  const scanner = new Scanner('stream', DEFAULT_LIMITS, {
    onStreamOpen() {},
    onElement: (element) => void seen.push(element),
    onStreamClose() {},
  });
  scanner.write(
    Buffer.from(
      `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:p='urn:p'>`,
    ),
  );
  const bytes = Buffer.from(xml);
  for (let at = 0; at < bytes.length; at += chunkBytes) scanner.write(bytes.subarray(at, at + chunkBytes));
  assert.equal(seen.length, 1);
  return seen[0] as Scanned;
}

const read = (xml: string) => Stanza.fromScanned(scan(xml));
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const written = (stanza: Stanza) => text(stanza.encode());
const refs = (stanza: Stanza) =>
  stanza.children.map((c) => [c.ns, c.name, text(stanza.inner.subarray(c.start, c.end))]);
const conditionOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof StanzaError || error instanceof StreamError) return `${error.name} ${error.condition}`;
    throw error;
  }
  return 'no error';
};

const MESSAGE =
  "<message to='Juliet@Example.COM/balcony' from='romeo@example.net/orchard' id='m1' type='chat' xml:lang='en'>" +
  "<body>a &amp; b</body><x xmlns='urn:x'><y/></x><body xml:lang='de'>c</body></message>";

describe('what is written anew', () => {
  const uri = 'u'.repeat(1_000);

  it('is bounded: a namespace that many children share is written for each', () => {
    const flood = (children: number) => `<message xmlns:q='${uri}'>${'<q:a/>'.repeat(children)}</message>`;
    assert.equal(read(flood(10)).children.length, 10);
    assert.equal(
      conditionOf(() => read(flood(1_000))),
      'StanzaError policy-violation',
    );
    assert.equal(
      conditionOf(() => read(`<message xmlns:q='${uri}'><p:b>${'<q:a/>'.repeat(1_000)}</p:b></message>`)),
      'StanzaError policy-violation',
    );
  });

  it('may grow by what has to be escaped', () => {
    const value = "'".repeat(50_000);
    const stanza = read(`<message><p:a b="${value}"/></message>`);
    assert.equal(stanza.child('urn:p', 'a')?.attrs.b, value);
  });

  it('is bounded when it is stored', () => {
    const child = read(`<iq><b xmlns='urn:b' xmlns:q='${uri}'>${'<q:a/>'.repeat(2_000)}</b></iq>`).firstChild();
    assert.ok(child !== undefined);
    assert.equal(
      conditionOf(() => storedBytes(child)),
      'StanzaError policy-violation',
    );
    assert.equal(text(storedBytes(el('b', 'urn:b'))), "<b xmlns='urn:b'/>");
  });
});

describe('Stanza.fromScanned', () => {
  it('reads the common attributes, addresses prepared', () => {
    const stanza = read(MESSAGE);
    assert.equal(stanza.kind, 'message');
    assert.equal(stanza.to, 'juliet@example.com/balcony');
    assert.equal(stanza.from, 'romeo@example.net/orchard');
    assert.deepEqual([stanza.id, stanza.type, stanza.lang], ['m1', 'chat', 'en']);
  });

  it('absent attributes are empty', () => {
    const { type, id, from, to, lang, children, inner } = read('<presence/>');
    assert.deepEqual([type, id, from, to, lang, children.length, inner.length], ['', '', '', '', '', 0, 0]);
  });

  it('keeps children as the bytes they were', () => {
    assert.deepEqual(refs(read(MESSAGE)), [
      [NS.client, 'body', '<body>a &amp; b</body>'],
      ['urn:x', 'x', "<x xmlns='urn:x'><y/></x>"],
      [NS.client, 'body', "<body xml:lang='de'>c</body>"],
    ]);
  });

  it('rebuilds the start tag and nothing else', () => {
    assert.equal(
      written(read(MESSAGE)),
      '<message to="juliet@example.com/balcony" from="romeo@example.net/orchard" id="m1" type="chat" xml:lang="en">' +
        "<body>a &amp; b</body><x xmlns='urn:x'><y/></x><body xml:lang='de'>c</body></message>",
    );
  });

  it('drops other attributes and declarations of the start tag', () => {
    const stanza = read("<message foo='1' xmlns:q='urn:q' q:bar='2' p:baz='3' to='a@b'><body>x</body></message>");
    assert.equal(written(stanza), '<message to="a@b"><body>x</body></message>');
  });

  it('writes children anew that use a prefix from outside', () => {
    const stanza = read(
      "<message xmlns:q='urn:q'><p:a p:k='v'><b/></p:a> <body>t</body> <q:c/><d xmlns='urn:d' xmlns:q='urn:e'><q:e/></d></message>",
    );
    assert.equal(
      written(stanza),
      "<message><a xmlns='urn:p' xmlns:ns1='urn:p' ns1:k='v'><b xmlns='jabber:client'/></a> <body>t</body> <c xmlns='urn:q'/>" +
        "<d xmlns='urn:d' xmlns:q='urn:e'><q:e/></d></message>",
    );
    assert.deepEqual(
      stanza.children.map((c) => [c.ns, c.name]),
      [
        ['urn:p', 'a'],
        [NS.client, 'body'],
        ['urn:q', 'c'],
        ['urn:d', 'd'],
      ],
    );
    for (const ref of stanza.children) assert.equal(stanza.element(ref).name, ref.name);
    assert.equal(stanza.child('urn:d', 'd')?.children.length, 1);
    assert.equal(written(Stanza.decode(stanza.encode())), written(stanza));
  });

  it('refuses addresses that are none (RFC 6120 §8.3.3.8)', () => {
    assert.equal(
      conditionOf(() => read("<message to='a@b@c'/>")),
      'StanzaError jid-malformed',
    );
    assert.equal(
      conditionOf(() => read("<message to=''/>")),
      'StanzaError jid-malformed',
    );
    assert.equal(
      conditionOf(() => read("<message from='@b'/>")),
      'StanzaError jid-malformed',
    );
  });

  it('refuses what is no stanza (§4.9.3.24)', () => {
    assert.equal(
      conditionOf(() => read('<pubsub/>')),
      'StreamError unsupported-stanza-type',
    );
    assert.equal(
      conditionOf(() => read("<message xmlns='urn:x'/>")),
      'StreamError unsupported-stanza-type',
    );
  });
});

describe('children', () => {
  it('are parsed when asked for, and once', () => {
    const stanza = read(MESSAGE);
    const body = stanza.child(NS.client, 'body');
    assert.deepEqual(body, el('body', NS.client, {}, 'a & b'));
    assert.equal(stanza.child(NS.client, 'body'), body);
    assert.equal(stanza.with({ id: 'm2' }).child(NS.client, 'body'), body, 'a copy shares it');
    assert.equal(stanza.without((c) => c.ns === 'urn:x').child(NS.client, 'body'), body);
    assert.equal(stanza.firstChild(), body);
    assert.equal(read('<iq/>').firstChild(), undefined);
  });

  it('has and child go by namespace and name', () => {
    const stanza = read(MESSAGE);
    assert.equal(stanza.has('urn:x', 'x'), true);
    assert.equal(stanza.has(NS.client, 'x'), false);
    assert.equal(stanza.has('urn:x', 'y'), false);
    assert.equal(stanza.child('urn:x', 'z'), undefined);
  });

  it('element tells several of one name apart', () => {
    const stanza = read(MESSAGE);
    assert.deepEqual(
      stanza.children.filter((c) => c.name === 'body').map((c) => stanza.element(c).attrs['xml:lang'] ?? ''),
      ['', 'de'],
    );
  });
});

describe('with, without, append', () => {
  it('with changes the start tag and shares the rest', () => {
    const stanza = read(MESSAGE);
    const before = written(stanza);
    const changed = stanza.with({ from: makeFullJid(makeBareJid('a', 'b'), 'c'), to: '', lang: '' });
    assert.equal(changed.inner, stanza.inner);
    assert.equal(changed.children, stanza.children);
    assert.equal(written(changed).split('>')[0], '<message from="a@b/c" id="m1" type="chat"');
    assert.equal(written(stanza), before);
  });

  it('without takes children out, and text stays', () => {
    const stanza = read("<message>1<a/>2<b/>3<c xmlns='urn:c'/>4</message>");
    const before = written(stanza);
    const less = stanza.without((c) => c.name !== 'b');
    assert.equal(text(less.inner), '12<b/>34');
    assert.deepEqual(refs(less), [[NS.client, 'b', '<b/>']]);
    assert.equal(written(stanza), before);
    assert.equal(text(stanza.without(() => true).inner), '1234');
    assert.equal(
      stanza.without(() => false),
      stanza,
    );
    assert.equal(written(read('<message><a/></message>').without(() => true)), '<message/>');
  });

  it('append puts children behind the others', () => {
    const stanza = read('<message><a/></message>');
    const more = stanza.append(el('b', 'urn:b'), el('c', NS.client, { k: '<' }));
    assert.equal(written(more), "<message><a/><b xmlns='urn:b'/><c k='&lt;'/></message>");
    assert.deepEqual(more.child(NS.client, 'c'), el('c', NS.client, { k: '<' }));
    assert.equal(refs(more)[1]?.[2], "<b xmlns='urn:b'/>");
    assert.equal(written(stanza), '<message><a/></message>');
    assert.equal(stanza.append(), stanza);
    assert.equal(written(Stanza.build('iq', {}).append(el('q', 'urn:q'))), "<iq><q xmlns='urn:q'/></iq>");
  });
});

describe('build, encode, decode', () => {
  it('golden strings', () => {
    assert.equal(written(Stanza.build('presence', {})), '<presence/>');
    assert.equal(
      written(
        Stanza.build('iq', { type: 'get', id: 'p1', to: makeBareJid('', 'example.com') }, el('ping', 'urn:xmpp:ping')),
      ),
      '<iq to="example.com" id="p1" type="get"><ping xmlns=\'urn:xmpp:ping\'/></iq>',
    );
    assert.equal(
      written(
        Stanza.build(
          'message',
          { id: `"'<>&\n\t`, to: parseJid(`a@b/"'<>&`) },
          el('body', NS.client, {}, '你好 <&>'),
          ' & ',
        ),
      ),
      '<message to="a@b/&quot;&apos;&lt;&gt;&amp;" id="&quot;&apos;&lt;&gt;&amp;&#10;&#9;"><body>你好 &lt;&amp;&gt;</body> &amp; </message>',
    );
  });

  it('decode refuses what encode cannot have made', () => {
    assert.throws(() => Stanza.decode(Buffer.from('<message>')), XmlError);
    assert.throws(() => Stanza.decode(Buffer.from('<message/><message/>')), XmlError);
    assert.throws(() => Stanza.decode(Buffer.alloc(0)), XmlError);
    assert.equal(
      conditionOf(() => Stanza.decode(Buffer.from('<stream/>'))),
      'StreamError unsupported-stanza-type',
    );
  });
});

const xmlText = fc.string({ unit: fc.constantFrom(...'ab<>&"\' \t\n你😀é'), maxLength: 8 });
const name = fc.constantFrom('a', 'b', 'body', 'x');
const ns = fc.constantFrom(NS.client, 'urn:a', 'urn:b', '');
const attrs = fc.dictionary(fc.constantFrom('k', 'l', 'xml:lang', '{urn:a}k', '{urn:c}m'), xmlText, {
  noNullPrototype: true,
});
const element: fc.Arbitrary<Element> = fc.letrec<{ element: Element }>((tie) => ({
  element: fc
    .tuple(name, ns, attrs, fc.array(fc.oneof({ maxDepth: 2 }, xmlText, tie('element')), { maxLength: 3 }))
    .map(([n, uri, a, children]) => el(n, uri, a, ...joined(children))),
})).element;

/** Texts side by side read back as one, and empty ones not at all. */
function joined(children: readonly (Element | string)[]): (Element | string)[] {
  const out: (Element | string)[] = [];
  for (const child of children) {
    const last = out.at(-1);
    if (typeof child === 'string' && typeof last === 'string') out[out.length - 1] = last + child;
    else if (child !== '') out.push(child);
  }
  return out;
}

const jid: fc.Arbitrary<Jid | ''> = fc.constantFrom<Jid | ''>(
  '',
  parseJid('example.com'),
  parseJid('a@b'),
  parseJid('张三@例子.中国/"<&>\''),
);
const stanza = fc
  .tuple(
    fc.constantFrom<StanzaKind>('message', 'presence', 'iq'),
    fc.record({ type: xmlText, id: xmlText, from: jid, to: jid, lang: fc.constantFrom('', 'en', 'zh-Hans') }),
    fc.array(fc.oneof(element, xmlText), { maxLength: 4 }),
  )
  .map(([kind, attributes, children]) => Stanza.build(kind, attributes, ...children));

const shapeOf = (s: Stanza) => ({
  ...{ kind: s.kind, type: s.type, id: s.id, from: s.from, to: s.to, lang: s.lang, inner: text(s.inner) },
  children: s.children.map((c) => [c.ns, c.name, c.start, c.end, plain(s.element(c))]),
});
const plain = (e: Element): unknown => [
  e.ns,
  e.name,
  { ...e.attrs },
  e.children.map((c) => (typeof c === 'string' ? c : plain(c))),
];

describe('properties', () => {
  it('build → encode → decode is the same stanza', () => {
    fc.assert(
      fc.property(stanza, (s) => {
        const bytes = s.encode();
        const back = Stanza.decode(bytes);
        assert.deepEqual(shapeOf(back), shapeOf(s));
        assert.deepEqual(text(back.encode()), text(bytes));
      }),
      { numRuns: 1_000 },
    );
  });

  it('through a stream, byte by byte, is the same stanza', () => {
    fc.assert(
      fc.property(stanza, (s) => assert.deepEqual(shapeOf(Stanza.fromScanned(scan(written(s), 1))), shapeOf(s))),
      { numRuns: 300 },
    );
  });

  it('a change never touches the original, and is what a new stanza would be', () => {
    fc.assert(
      fc.property(stanza, fc.array(element, { maxLength: 3 }), fc.nat(), xmlText, (s, more, mask, id) => {
        const before = JSON.stringify(shapeOf(s));
        const isDropped = new Set(s.children.filter((_, i) => (mask >> (i % 30)) & 1));
        const changed = s
          .with({ id })
          .without((c) => isDropped.has(c))
          .append(...more);
        assert.equal(JSON.stringify(shapeOf(s)), before);
        const kept = s.children.filter((c) => !isDropped.has(c)).map((c) => s.element(c));
        const expected = Stanza.build(
          s.kind,
          { type: s.type, id, from: s.from, to: s.to, lang: s.lang },
          ...kept,
          ...more,
        );
        const elements = (x: Stanza) => x.children.map((c) => plain(x.element(c)));
        assert.deepEqual(elements(changed), elements(expected));
        assert.deepEqual(elements(Stanza.decode(changed.encode())), elements(expected));
        assert.equal(changed.id, id);
      }),
      { numRuns: 500 },
    );
  });
});
