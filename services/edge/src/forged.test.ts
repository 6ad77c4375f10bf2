import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { el, NS as RFC, Stanza } from '@starling/stanza';
import type { Element } from '@starling/xml';
import fc from 'fast-check';
import { NS, withoutForged } from './forged.ts';

const DOMAIN = 'verona.example';

/** What a client sends, whether it may, and why. */
const CHILDREN: readonly (readonly [string, Element, boolean])[] = [
  ['a body', el('body', RFC.client, {}, 'hark'), true],
  ['an origin-id', el('origin-id', NS.stanzaId, { id: '1' }), true],
  ['a stanza-id of one’s own account', el('stanza-id', NS.stanzaId, { id: '1', by: `romeo@${DOMAIN}` }), false],
  ['a stanza-id of the domain', el('stanza-id', NS.stanzaId, { id: '1', by: DOMAIN }), false],
  ['a stanza-id of another account here', el('stanza-id', NS.stanzaId, { id: '1', by: `juliet@${DOMAIN}` }), false],
  ['a stanza-id of a full JID', el('stanza-id', NS.stanzaId, { id: '1', by: `juliet@${DOMAIN}/x` }), false],
  [
    'a local stanza-id in another spelling',
    el('stanza-id', NS.stanzaId, { id: '1', by: 'Romeo@VERONA.example' }),
    false,
  ],
  ['a stanza-id from elsewhere', el('stanza-id', NS.stanzaId, { id: '1', by: 'room@mantua.example' }), true],
  ['a stanza-id of nobody', el('stanza-id', NS.stanzaId, { id: '1' }), true],
  ['a stanza-id of what is no address', el('stanza-id', NS.stanzaId, { id: '1', by: '@@' }), true],
  ['a delay stamped here', el('delay', NS.delay, { from: DOMAIN, stamp: 'x' }), false],
  ['a delay stamped by an account here', el('delay', NS.delay, { from: `romeo@${DOMAIN}`, stamp: 'x' }), false],
  ['a delay stamped elsewhere', el('delay', NS.delay, { from: 'mantua.example', stamp: 'x' }), true],
  ['a delay of the client itself', el('delay', NS.delay, { stamp: 'x' }), true],
  ['a carbon that was received', el('received', NS.carbons), false],
  ['a carbon that was sent', el('sent', NS.carbons), false],
  ['private', el('private', NS.carbons), true],
  ['a result of the archive', el('result', NS.mam, { id: '1' }), false],
  ['something else of the archive', el('query', NS.mam), true],
  ['another element of that name', el('received', 'urn:xmpp:receipts'), true],
  ['another stanza-id', el('stanza-id', 'urn:x', { by: DOMAIN }), true],
];

const message = (...children: readonly Element[]) => Stanza.build('message', { type: 'chat' }, ...children);
const kept = (stanza: Stanza) =>
  withoutForged(stanza, DOMAIN).children.map((ref) => {
    const { ns, name, attrs } = stanza.element(ref);
    return [ns, name, attrs];
  });

describe('what a client must not claim', () => {
  for (const [title, child, isAllowed] of CHILDREN) {
    it(`${title}: ${isAllowed ? 'stays' : 'goes'}`, () => {
      assert.equal(withoutForged(message(child), DOMAIN).children.length, isAllowed ? 1 : 0);
    });
  }

  it('a stanza with nothing of that kind is the same one', () => {
    for (const stanza of [message(), message(el('body', RFC.client, {}, 'hark'), el('private', NS.carbons))])
      assert.equal(withoutForged(stanza, DOMAIN), stanza);
  });

  // Each was judged by the first of its name once: one from elsewhere in front hid a forged one behind it.
  for (const name of ['stanza-id', 'delay'] as const) {
    it(`a ${name} from elsewhere does not hide a forged one`, () => {
      const ns = name === 'delay' ? NS.delay : NS.stanzaId;
      const by = (address: string) => el(name, ns, name === 'delay' ? { from: address } : { by: address });
      const [foreign, local] = [by('mantua.example'), by(DOMAIN)];
      for (const children of [
        [foreign, local],
        [local, foreign],
        [local, foreign, local],
        [foreign, local, foreign, local],
      ]) {
        const wanted = children.filter((c) => c === foreign).map((c) => [c.ns, c.name, c.attrs]);
        assert.deepEqual(kept(message(...children)), wanted);
      }
    });
  }

  it('property: of any mixture all that is allowed stays, in order, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...CHILDREN), { maxLength: 8 }), (rows) => {
        const stanza = withoutForged(message(...rows.map(([, child]) => child)), DOMAIN);
        const expected = rows.filter(([, , isAllowed]) => isAllowed).map(([, child]) => child);
        assert.deepEqual(
          stanza.children.map((ref) => ({ ...stanza.element(ref) })),
          expected.map((e) => ({ ...e })),
        );
        assert.deepEqual(
          Buffer.from(Stanza.decode(stanza.encode()).encode()).toString(),
          Buffer.from(message(...expected).encode()).toString(),
        );
      }),
    );
  });
});
