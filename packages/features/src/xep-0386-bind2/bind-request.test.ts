import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeBareJid, makeFullJid } from '@starling/jid';
import { el } from '@starling/stanza';
import { parseElement, serialize } from '@starling/xml';
import fc from 'fast-check';
import { bindFeature, boundElement, parseBind } from './bind-request.ts';
import { NS } from './ns.ts';
import { resourceFor } from './resource.ts';

const KEY = Buffer.from('of a test');
const ROMEO = makeBareJid('romeo', 'localhost');
const CLIENT = 'd4565fa7-4d72-4749-b3d3-740edbf87770';

describe('<bind/> ("Performing the bind")', () => {
  it('has a tag, and requests in other namespaces in their order', () => {
    const text = `<bind xmlns='${NS.bind2}'><tag>AwesomeXMPP</tag><enable xmlns='urn:xmpp:carbons:2'/><enable xmlns='urn:xmpp:sm:3'/></bind>`;
    const { tag, requests } = parseBind(parseElement(Buffer.from(text), {}));
    assert.equal(tag, 'AwesomeXMPP');
    assert.deepEqual(
      requests.map(({ ns, name }) => [ns, name]),
      [
        ['urn:xmpp:carbons:2', 'enable'],
        ['urn:xmpp:sm:3', 'enable'],
      ],
    );
    assert.deepEqual(parseBind(el('bind', NS.bind2)), { tag: '', requests: [] });
  });

  it('is offered with what may be asked for ("Discovering support")', () => {
    assert.equal(
      serialize(bindFeature(['urn:xmpp:carbons:2'])),
      `<bind xmlns='${NS.bind2}'><inline><feature var='urn:xmpp:carbons:2'/></inline></bind>`,
    );
    assert.equal(serialize(bindFeature([])), `<bind xmlns='${NS.bind2}'/>`);
    assert.equal(serialize(boundElement([el('a', 'urn:a')])), `<bound xmlns='${NS.bind2}'><a xmlns='urn:a'/></bound>`);
  });
});

describe('the resource ("Resource identifier generation")', () => {
  it('is the client’s own as long as its tag is, and says nothing of its id', () => {
    const resource = resourceFor(KEY, ROMEO, CLIENT, 'phone');
    assert.match(resource, /^phone\/[A-Za-z0-9_-]{12}$/);
    assert.equal(resourceFor(KEY, ROMEO, CLIENT, 'phone'), resource);
    const others = [
      resourceFor(KEY, ROMEO, CLIENT, 'laptop'),
      resourceFor(KEY, ROMEO, CLIENT.replace('d', 'e'), 'phone'),
      resourceFor(KEY, makeBareJid('juliet', 'localhost'), CLIENT, 'phone'),
      resourceFor(Buffer.from('another'), ROMEO, CLIENT, 'phone'),
    ].map((other) => other.split('/')[1]);
    assert.equal(new Set([...others, resource.split('/')[1]]).size, others.length + 1);
  });

  it('of a client without an id is another one each time', () => {
    assert.notEqual(resourceFor(KEY, ROMEO, '', 'phone'), resourceFor(KEY, ROMEO, '', 'phone'));
  });

  it('property: whatever the tag, it is a resource', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1_100 }), (tag) => {
        makeFullJid(ROMEO, resourceFor(KEY, ROMEO, CLIENT, tag));
      }),
      { numRuns: 500 },
    );
    makeFullJid(ROMEO, resourceFor(KEY, ROMEO, CLIENT, 'x'.repeat(1_023)));
  });
});
