import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonical } from './canonical.ts';
import type { Element } from './element.ts';
import { escapeAttribute, escapeText } from './escape.ts';
import { NS_XML } from './ns.ts';
import { parseElement } from './parse.ts';
import { serialize, serializeBytes } from './serialize.ts';
import { XmlError } from './xml-error.ts';

const el = (
  name: string,
  ns: string,
  attrs: Record<string, string> = {},
  ...children: readonly (Element | string)[]
): Element => ({ name, ns, attrs, children });

describe('serialize', () => {
  for (const [what, element, parentNs, expected] of [
    ['an empty element', el('a', ''), '', '<a/>'],
    ['a namespace', el('a', 'urn:a'), '', "<a xmlns='urn:a'/>"],
    ['the namespace of its parent', el('a', 'urn:a'), 'urn:a', '<a/>'],
    ['no namespace in one', el('a', ''), 'urn:a', "<a xmlns=''/>"],
    [
      'children',
      el('a', 'urn:a', {}, el('b', 'urn:a'), 'c', el('d', 'urn:d', {}, el('e', 'urn:a'))),
      'urn:a',
      "<a><b/>c<d xmlns='urn:d'><e xmlns='urn:a'/></d></a>",
    ],
    ['xml:lang', el('a', '', { 'xml:lang': 'de' }), '', "<a xml:lang='de'/>"],
    [
      'attributes with namespaces',
      el('a', '', { '{urn:1}b': '1', '{urn:2}b': '2', b: '3' }),
      '',
      "<a xmlns:ns1='urn:1' ns1:b='1' xmlns:ns2='urn:2' ns2:b='2' b='3'/>",
    ],
    ['a namespace with a brace', el('a', '', { '{urn:}}b': '1' }), '', "<a xmlns:ns1='urn:}' ns1:b='1'/>"],
    ['a namespace to escape', el('a', "urn:'&"), '', "<a xmlns='urn:&apos;&amp;'/>"],
    [
      'an element of the xml namespace',
      el('a', NS_XML, {}, el('b', 'urn:b'), el('c', '')),
      '',
      "<xml:a><b xmlns='urn:b'/><c/></xml:a>",
    ],
    ['text', el('a', '', {}, `<&>'"\r\n\t`), '', `<a>&lt;&amp;&gt;'"&#13;\n\t</a>`],
    ['a value', el('a', '', { b: `<&>'"\r\n\t` }), '', "<a b='&lt;&amp;&gt;&apos;&quot;&#13;&#10;&#9;'/>"],
  ] as const) {
    it(what, () => assert.equal(serialize(element, parentNs), expected));
  }

  it('is bounded, at whatever depth it grows', () => {
    const many = Array.from({ length: 1_000 }, () => el('a', 'urn:1'));
    const deep = el('a', 'urn:2', {}, el('b', 'urn:3', {}, ...many));
    assert.ok(serialize(deep).length > 18_000);
    assert.throws(() => serialize(deep, '', 18_000), XmlError);
    assert.throws(() => serialize(el('a', '', { b: 'x'.repeat(200) }), '', 100), XmlError);
  });

  it('gives bytes in UTF-8', () => {
    assert.deepEqual(serializeBytes(el('a', '', {}, 'é😀')), new TextEncoder().encode('<a>é😀</a>'));
  });

  it('writes nothing that is not well-formed, whatever the strings', () => {
    const string = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)) });
    fc.assert(
      fc.property(string, string, (value, content) => {
        const read = parseElement(serializeBytes(el('a', '', { b: value }, content)));
        const legal = (s: string) =>
          s
            .replace(/[^\t\n\r -\ufffd]/g, '\ufffd')
            .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
        assert.equal(read.attrs.b, legal(value));
        assert.equal(read.children.join(''), legal(content));
      }),
      { numRuns: 500 },
    );
  });
});

describe('escape', () => {
  it('leaves alone what needs nothing', () => {
    const plain = 'Wherefore art thou, Romeo? 罗密欧 😀 #%=;()[]{}';
    assert.equal(escapeText(plain), plain);
    assert.equal(escapeAttribute(plain), plain);
  });

  it('replaces what XML cannot carry', () => {
    assert.equal(escapeText('a\0b\x1fc\uffff'), 'a\ufffdb\ufffdc\ufffd');
    assert.equal(escapeAttribute('a\0b\x1fc\ufffe'), 'a\ufffdb\ufffdc\ufffd');
  });
});

describe('canonical', () => {
  it('is the same for what means the same', () => {
    const one = parseElement(`<p:a c='1' b="2" xmlns:p='urn:a'>x<![CDATA[y]]><b xmlns='urn:b'/></p:a>`);
    const other = parseElement(`<a xmlns='urn:a' b='&#50;' c='1'>&#120;y<q:b xmlns:q='urn:b'></q:b></a>`);
    assert.equal(canonical(one), canonical(other));
  });
});
