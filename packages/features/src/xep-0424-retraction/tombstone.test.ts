import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COPY, type Envelope, FATE, HINT, KIND } from '@starling/contracts';
import { type BareJid, type Jid, parseJid } from '@starling/jid';
import { el, NS as RFC, Stanza } from '@starling/stanza';
import type { Element } from '@starling/xml';
import fc from 'fast-check';
import { isTakenBack, NS, retractionOf, tombstoneOf } from './tombstone.ts';

const ROMEO = parseJid('romeo@montague.example/home');
const PHONE = parseJid('romeo@montague.example/phone');
const JULIET = parseJid('juliet@capulet.example');
const AT_MS = Date.UTC(2019, 8, 20, 23, 9, 32);

interface Options {
  readonly id?: string;
  readonly from?: Jid;
  readonly to?: Jid;
  readonly type?: string;
  readonly hints?: number;
}

function envelope(
  { id = 'm1', from = ROMEO, to = JULIET, type = 'chat', hints = 0 }: Options,
  ...children: Element[]
): Envelope {
  return {
    ...{ id: 'e', owner: 'juliet@capulet.example' as BareJid, from, to, kind: KIND.message, type, fate: FATE.archived },
    ...{ copy: COPY.received, hints, origin: 'e/s', sentAtMs: 1, after: 0 },
    stanza: Stanza.build('message', { id, from, to, type, lang: 'en' }, ...children).encode(),
  };
}
const message = (options: Options = {}) => envelope(options, el('body', RFC.client, {}, 'secret'), el('x', 'urn:x'));
const retract = (id: string, options: Options = {}) =>
  envelope({ id: 'r1', hints: HINT.retraction, ...options }, el('retract', NS.retraction, { id }));
function takes(back: Options, by: Options = {}, id = 'm1'): boolean {
  const retraction = retractionOf(retract(id, by), AT_MS);
  assert.ok(retraction);
  return isTakenBack(message(back), retraction);
}

describe('a retraction', () => {
  it('§5, §5.1 takes back the message of that id, of the same sender, in the same conversation', () => {
    assert.equal(takes({}), true);
    assert.equal(
      takes({}, { from: PHONE, to: parseJid('juliet@capulet.example/balcony') }),
      true,
      'from any of his devices',
    );
    assert.equal(takes({ id: 'm2' }), false);
    assert.equal(takes({ from: parseJid('tybalt@capulet.example/home') }), false, 'another’s');
    assert.equal(takes({ to: parseJid('nurse@capulet.example') }), false, 'his own, to somebody else');
    assert.equal(takes({ from: JULIET, to: ROMEO }), false, 'what he got');
    assert.equal(takes({ type: 'error' }), false);
  });

  it('§5 of a room’s private messages only the occupant’s own', () => {
    const [first, second] = [parseJid('coven@chat.example/first'), parseJid('coven@chat.example/second')];
    const hints = HINT.occupant;
    assert.equal(takes({ from: first, hints }, { from: second }), false);
    assert.equal(takes({ from: first }, { from: second, hints: HINT.retraction | hints }), false);
    assert.equal(takes({ from: first, hints }, { from: first, hints: HINT.retraction | hints }), true);
    assert.equal(takes({ to: first, hints }, { to: second, hints: HINT.retraction | hints }), false);
  });

  it('§5 cannot be taken back itself', () => {
    const retraction = retractionOf(retract('r0', { id: 'r1' }), AT_MS);
    assert.ok(retraction);
    assert.equal(isTakenBack(retract('m1', { id: 'r0' }), retraction), false);
  });

  it('says which message, and has an id itself', () => {
    assert.equal(retractionOf(retract(''), AT_MS), undefined);
    assert.equal(retractionOf(retract('m1', { id: '' }), AT_MS), undefined);
    assert.equal(retractionOf(message(), AT_MS), undefined);
  });

  it('property: ids are compared as they are meant', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ minLength: 1 }), (id, other) => {
        const written = (value: string) => Stanza.decode(message({ id: value }).stanza).id;
        fc.pre(written(id) !== '');
        assert.equal(takes({ id }, {}, id), true);
        assert.equal(takes({ id }, {}, other), written(id) === written(other));
      }),
    );
  });
});

describe('a tombstone', () => {
  const retraction = retractionOf(retract('m1'), AT_MS);
  assert.ok(retraction);

  it('§4 has the message’s start tag, and nothing of what was in it', () => {
    const tombstone = tombstoneOf(message(), retraction);
    assert.ok(tombstone);
    assert.equal(
      Buffer.from(tombstone.stanza).toString(),
      `<message to="${JULIET}" from="${ROMEO}" id="m1" type="chat">` +
        `<retracted xmlns='urn:xmpp:message-retract:1' id='r1' stamp='2019-09-20T23:09:32.000Z'/></message>`,
    );
    const { stanza: _, ...routing } = tombstone;
    const { stanza: __, ...before } = message();
    assert.deepEqual(routing, before);
  });

  it('is not made of a tombstone', () => {
    const tombstone = tombstoneOf(message(), retraction);
    assert.ok(tombstone);
    assert.equal(tombstoneOf(tombstone, retraction), undefined);
  });
});
