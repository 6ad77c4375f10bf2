import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonical } from './canonical.ts';
import { escapeAttribute } from './escape.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { NS_XML } from './ns.ts';
import { innerBytes, innerChildren, parseChild, parseElement } from './parse.ts';
import type { Scanned } from './scanned.ts';
import { Scanner } from './scanner.ts';
import { generateDocument, seeded } from './testing/generate.ts';
import { XmlError } from './xml-error.ts';

function scan(text: string, scope: Record<string, string> = { '': 'jabber:client', p: 'urn:p' }): Scanned {
  const found: Scanned[] = [];
  const handler = { onStreamOpen() {}, onElement: (e: Scanned) => found.push(e), onStreamClose() {} };
  new Scanner('message', DEFAULT_LIMITS, handler, scope).write(Buffer.from(text));
  return found[0] as Scanned;
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('parseElement', () => {
  it('gives a tree', () => {
    assert.deepEqual(
      parseElement("<a xmlns='urn:a' b='1' p:c='2' xml:lang='de' xmlns:p='urn:p'>x<p:d/>y&amp;<![CDATA[<z>]]>\r\n</a>"),
      {
        name: 'a',
        ns: 'urn:a',
        attrs: { b: '1', '{urn:p}c': '2', 'xml:lang': 'de' },
        children: ['x', { name: 'd', ns: 'urn:p', attrs: {}, children: [] }, 'y&<z>\n'],
      },
    );
  });

  it('takes the namespaces that are in scope', () => {
    const element = parseElement("<a p:b='1'><p:c/></a>", { '': 'jabber:client', p: 'urn:p' });
    assert.equal(canonical(element), '<{jabber:client}a {urn:p}b="1"><{urn:p}c></{urn:p}c></{jabber:client}a>');
    assert.throws(() => parseElement('<p:a/>', { '': 'jabber:client' }), XmlError);
  });

  it('takes an XML declaration, and bytes that are a part of others', () => {
    assert.equal(parseElement("<?xml version='1.0'?>\n<a/>\n").name, 'a');
    assert.equal(parseElement(new Uint8Array(Buffer.from('..<a/>..')).subarray(2, 6)).name, 'a');
  });

  it('refuses what a scanner refuses', () => {
    for (const bad of ['', ' ', 'a', '<a>', '<a/><b/>', ' <a/>', '<a>&b;</a>', '<a><!-- --></a>']) {
      assert.throws(() => parseElement(bad), XmlError, bad);
    }
  });

  it('refuses what would exhaust the stack', () => {
    assert.throws(() => parseElement(`${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`), { limit: 'depth' });
  });

  it('has room for what a scanner lets pass', () => {
    const { depth, attributes } = DEFAULT_LIMITS;
    const many = Array.from({ length: attributes }, (_, n) => ` a${n}=''`).join('');
    assert.equal(Object.keys(parseElement(`<a${many}/>`).attrs).length, attributes);
    parseElement(`${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`);
    parseElement(`<a>${'b'.repeat(2 * DEFAULT_LIMITS.stanzaBytes)}</a>`);
  });
});

describe('innerChildren', () => {
  it('is a view where children are self-contained', () => {
    const scanned = scan("<message to='a'> <body>é</body><x xmlns='urn:x'/>t</message>");
    const { inner, children } = innerChildren(scanned);
    assert.equal(inner.buffer, scanned.bytes.buffer);
    assert.equal(text(inner), " <body>é</body><x xmlns='urn:x'/>t");
    assert.deepEqual(
      children.map((c) => [c.name, c.ns, text(inner.subarray(c.start, c.end))]),
      [
        ['body', 'jabber:client', '<body>é</body>'],
        ['x', 'urn:x', "<x xmlns='urn:x'/>"],
      ],
    );
    assert.equal(text(innerBytes(scanned)), text(inner));
  });

  it('writes anew what depends on what is outside', () => {
    const { inner, children } = innerChildren(scan("<message>1<p:a p:b='2'>é</p:a>3<body/></message>"));
    assert.equal(text(inner), "1<a xmlns='urn:p' xmlns:ns1='urn:p' ns1:b='2'>é</a>3<body/>");
    assert.deepEqual(
      children.map((c) => text(inner.subarray(c.start, c.end))),
      ["<a xmlns='urn:p' xmlns:ns1='urn:p' ns1:b='2'>é</a>", '<body/>'],
    );
  });

  it('is empty for an element without content', () => {
    for (const empty of ['<presence/>', '<presence></presence >']) {
      const { inner, children } = innerChildren(scan(empty));
      assert.deepEqual([inner.length, children.length], [0, 0]);
    }
  });

  it('means the same in another start tag of the same namespace', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
        const document = generateDocument(seeded(seed));
        const scanned = scan(document, { '': 'urn:d', p: 'urn:p' });
        fc.pre(scanned.ns !== NS_XML);
        const whole = parseElement(document, { '': 'urn:d', p: 'urn:p' });
        const { inner, children } = innerChildren(scanned);
        const moved = parseElement(`<moved xmlns='${escapeAttribute(scanned.ns)}'>${text(inner)}</moved>`);
        assert.equal(
          canonical({ ...moved, name: '', ns: '', attrs: {} }),
          canonical({ ...whole, name: '', ns: '', attrs: {} }),
        );
        const elements = whole.children.filter((c) => typeof c !== 'string');
        assert.deepEqual(
          children.map((c) => canonical(parseElement(inner.subarray(c.start, c.end), { '': scanned.ns }))),
          elements.map(canonical),
        );
        assert.deepEqual(
          scanned.children.map((c) => canonical(parseChild(scanned, c))),
          elements.map(canonical),
        );
        assert.deepEqual(
          children.map((c) => `${c.ns} ${c.name}`),
          elements.map((e) => `${e.ns} ${e.name}`),
        );
      }),
      { numRuns: 1000 },
    );
  });
});
