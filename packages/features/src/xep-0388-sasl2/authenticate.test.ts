import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { el } from '@starling/stanza';
import { type Element, parseElement, serialize } from '@starling/xml';
import fc from 'fast-check';
import { inlineKey, parseAuthenticate } from './authenticate.ts';
import { authenticationElement, challengeElement, failureElement, successElement } from './elements.ts';
import { NS } from './ns.ts';

const ID = 'd4565fa7-4d72-4749-b3d3-740edbf87770';
const parse = (children: string) =>
  parseAuthenticate(
    parseElement(Buffer.from(`<authenticate xmlns='${NS.sasl2}' mechanism='PLAIN'>${children}</authenticate>`), {}),
  );

describe('<authenticate/> ("Initiation")', () => {
  it('the example: all that it has', () => {
    const asked = parse(
      `<initial-response>\n  QUFB\n  QkJC </initial-response><user-agent id='${ID.toUpperCase()}'><software>A</software><device>B</device></user-agent><bind xmlns='urn:xmpp:bind:example'/>`,
    );
    assert.deepEqual(asked && { ...asked, inline: [...asked.inline.keys()] }, {
      mechanism: 'PLAIN',
      initialResponse: 'QUFBQkJC',
      client: ID,
      inline: [inlineKey('urn:xmpp:bind:example', 'bind')],
    });
  });

  it('an empty initial response is one ("SASL Data Encoding")', () => {
    assert.equal(parse('<initial-response/>')?.initialResponse, '');
    assert.equal(parse('')?.initialResponse, undefined);
  });

  for (const id of ['', 'id', ID.slice(1), `${ID}0`, 'x'.repeat(36)])
    it(`'${id}' is no UUID, and names no client`, () => assert.equal(parse(`<user-agent id='${id}'/>`)?.client, ''));

  for (const twice of ['<initial-response/>', '<user-agent/>', "<bind xmlns='urn:x'/>"])
    it(`${twice} twice is malformed`, () => assert.equal(parse(twice + twice), undefined));

  it('property: whatever stands in it, every request in another namespace is found again, or it is malformed', () => {
    const child = fc
      .tuple(
        fc.constantFrom('initial-response', 'user-agent', 'bind', 'fast', 'x'),
        fc.constantFrom(NS.sasl2, 'urn:a', 'urn:b', ''),
        fc.array(fc.string({ maxLength: 4 }), { maxLength: 2 }),
      )
      .map(([name, ns, texts]) => el(name, ns, {}, ...texts));
    fc.assert(
      fc.property(fc.array(fc.oneof(child, fc.string({ maxLength: 3 })), { maxLength: 6 }), (children) => {
        const asked = parseAuthenticate(el('authenticate', NS.sasl2, {}, ...children));
        const elements = children.filter((c): c is Element => typeof c !== 'string');
        const isSingle = ({ ns, name }: Element) =>
          ns !== NS.sasl2 || name === 'initial-response' || name === 'user-agent';
        const keys = elements.filter(isSingle).map(({ ns, name }) => inlineKey(ns, name));
        assert.equal(asked === undefined, new Set(keys).size < keys.length);
        if (asked === undefined) return;
        const others = elements.filter(({ ns }) => ns !== NS.sasl2);
        assert.deepEqual([...asked.inline.values()], others);
      }),
      { numRuns: 300 },
    );
  });
});

describe('what the server says', () => {
  it('offers nothing without a mechanism', () => {
    assert.equal(authenticationElement([], [el('sm', 'urn:x')]), undefined);
    const offer = authenticationElement(['PLAIN'], []);
    assert.equal(
      offer && serialize(offer),
      `<authentication xmlns='${NS.sasl2}'><mechanism>PLAIN</mechanism></authentication>`,
    );
  });

  it('challenges, fails with the codes of RFC 6120, succeeds', () => {
    const data = Buffer.from('AAA');
    assert.equal(serialize(challengeElement(data)), `<challenge xmlns='${NS.sasl2}'>QUFB</challenge>`);
    assert.equal(
      serialize(failureElement('aborted')),
      `<failure xmlns='${NS.sasl2}'><aborted xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>`,
    );
    assert.equal(
      serialize(successElement(data, 'a@b/c', [el('bound', 'urn:x')])),
      `<success xmlns='${NS.sasl2}'><additional-data>QUFB</additional-data><authorization-identifier>a@b/c</authorization-identifier><bound xmlns='urn:x'/></success>`,
    );
    assert.equal(
      serialize(successElement(undefined, 'a@b', [])),
      `<success xmlns='${NS.sasl2}'><authorization-identifier>a@b</authorization-identifier></success>`,
    );
  });
});
