import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { el, NS, STREAM_CONDITIONS, Stanza, StreamError } from '@starling/stanza';
import { DEFAULT_LIMITS, type Element, parseElement, Scanner } from '@starling/xml';
import fc from 'fast-check';
import { type Framing, type HeaderAttributes, messageFraming, streamFraming } from './framing.ts';

interface Written {
  readonly head: { readonly name: string; readonly ns: string; readonly attrs: Readonly<Record<string, string>> };
  readonly elements: readonly Element[];
  readonly ended: boolean;
}

/** Reads pieces as a client does: over TCP one stream, over WebSocket each a document of its own. */
function read(framing: 'stream' | 'message', pieces: readonly Uint8Array[]): Written {
  const heads: Written['head'][] = [];
  const elements: Element[] = [];
  let ended = false;
  const scanner = new Scanner(framing, DEFAULT_LIMITS, {
    onStreamOpen: (head) => void heads.push(head),
    onElement: (scanned) => void elements.push(parseElement(scanned.bytes, scanned.scope)),
    onStreamClose: () => {
      ended = true;
    },
  });
  for (const piece of pieces) scanner.write(piece);
  if (framing === 'message') {
    const [open, ...rest] = elements;
    const close = rest.pop();
    assert.ok(open && close);
    assert.deepEqual([close.ns, close.name], [NS.framing, 'close']);
    return { head: open, elements: rest, ended: true };
  }
  const [head] = heads;
  assert.ok(head && heads.length === 1);
  return { head, elements, ended };
}

const FRAMINGS: readonly (readonly ['stream' | 'message', Framing])[] = [
  ['stream', streamFraming],
  ['message', messageFraming],
];
const HEADER: HeaderAttributes = { from: 'localhost', to: '', id: 'abc', lang: 'en', version: '1.0' };

function roundTrip(kind: 'stream' | 'message', framing: Framing, ...pieces: readonly Uint8Array[]): Written {
  return read(kind, [framing.header(HEADER), ...pieces, framing.end]);
}

const text = fc.string({ unit: fc.constantFrom(...'ab<>&"\' 你😀é'), maxLength: 8 });
const elementWith = (child: fc.Arbitrary<Element | string>, max: number): fc.Arbitrary<Element> =>
  fc
    .tuple(
      fc.constantFrom('a', 'b', 'mechanism'),
      fc.constantFrom(NS.client, NS.sasl, NS.streams, 'urn:x', ''),
      fc.dictionary(fc.constantFrom('k', 'xml:lang', '{urn:y}k'), text, { noNullPrototype: true }),
      fc.array(child, { maxLength: max }),
    )
    .map(([name, ns, attrs, children]) => el(name, ns, attrs, ...children));
// One text at most: two side by side would come back as one.
const element = elementWith(
  elementWith(
    text.filter((t) => t !== ''),
    1,
  ),
  3,
);

const plain = (e: Element): unknown => [
  e.ns,
  e.name,
  { ...e.attrs },
  e.children.map((c) => (typeof c === 'string' ? c : plain(c))),
];

for (const [kind, framing] of FRAMINGS) {
  describe(`framing ${kind}`, () => {
    it('a header with all that it says, and nothing that it does not', () => {
      const attributes = { ...HEADER, to: `o'brien@localhost`, lang: 'en-GB' };
      const { head, ended } = read(kind, [framing.header(attributes), framing.end]);
      const { lang, ...rest } = attributes;
      assert.deepEqual({ ...head.attrs }, { ...rest, 'xml:lang': lang });
      assert.equal(head.ns, kind === 'stream' ? NS.streams : NS.framing);
      assert.equal(head.name, kind === 'stream' ? 'stream' : 'open');
      assert.equal(ended, true);
      const bare = read(kind, [framing.header({ ...HEADER, version: '' }), framing.end]);
      assert.deepEqual(Object.keys(bare.head.attrs).sort(), ['from', 'id', 'xml:lang']);
    });

    it('stanzas are in jabber:client', () => {
      for (const name of ['message', 'presence', 'iq'] as const) {
        const stanza = Stanza.build(name, { id: 'i1', type: 'x' }, el('a', 'urn:a'), el('body', NS.client, {}, 'b'));
        const { elements } = roundTrip(kind, framing, framing.stanza(stanza.encode()));
        assert.deepEqual(elements.map(plain), [
          [
            NS.client,
            name,
            { id: 'i1', type: 'x' },
            [
              ['urn:a', 'a', {}, []],
              [NS.client, 'body', {}, ['b']],
            ],
          ],
        ]);
        const empty = roundTrip(kind, framing, framing.stanza(Stanza.build(name, {}).encode()));
        assert.deepEqual(empty.elements.map(plain), [[NS.client, name, {}, []]]);
      }
    });

    it('every stream error, with its text and its own condition', () => {
      for (const condition of STREAM_CONDITIONS) {
        const error = new StreamError(condition, 'a < b', { app: el('too-big', 'urn:x') });
        const { elements } = roundTrip(kind, framing, framing.error(error));
        assert.deepEqual(elements.map(plain), [plain(error.toElement())]);
      }
    });

    it('property: features and elements come back as they were', () => {
      fc.assert(
        fc.property(fc.array(element, { maxLength: 4 }), (elements) => {
          const written = roundTrip(kind, framing, framing.features(elements), ...elements.map(framing.element));
          assert.deepEqual(written.elements.map(plain), [
            [NS.streams, 'features', {}, elements.map(plain)],
            ...elements.map(plain),
          ]);
        }),
        { numRuns: 200 },
      );
    });

    it('property: a stanza comes back as it was', () => {
      fc.assert(
        fc.property(
          fc.constantFrom('message' as const, 'presence' as const, 'iq' as const),
          fc.record({ id: text, type: text, lang: fc.constantFrom('', 'de') }),
          fc.array(element, { maxLength: 3 }),
          (name, attributes, children) => {
            const stanza = Stanza.build(name, attributes, ...children);
            const { elements } = roundTrip(kind, framing, framing.stanza(stanza.encode()));
            assert.deepEqual(plain(elements[0] as Element), plain(parseElement(stanza.encode(), { '': NS.client })));
          },
        ),
        { numRuns: 200 },
      );
    });
  });
}
