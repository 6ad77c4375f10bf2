import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeBareJid, makeFullJid } from '@starling/jid';
import fc from 'fast-check';
import {
  dateTimeOf,
  delayElement,
  delayXml,
  el,
  encodeForwarding,
  escapedIdOf,
  NS,
  Stanza,
  startTagOf,
  withChild,
} from './index.ts';

const body = (text: string) => el('body', NS.client, {}, text);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
/** As a stream gives them: a view of something longer. */
const within = (stanza: Stanza): Uint8Array => {
  const encoded = stanza.encode();
  return new Uint8Array(Buffer.concat([Buffer.from('<'), encoded, Buffer.from(' id="x"></y>')])).subarray(1, -12);
};

describe('XEP-0203 a delay', () => {
  it('says in UTC since when, and who had it', () => {
    const atMs = Date.UTC(2002, 8, 10, 23, 8, 25);
    assert.equal(dateTimeOf(atMs), '2002-09-10T23:08:25.000Z');
    assert.deepEqual(delayElement('capulet.com', atMs).attrs, {
      from: 'capulet.com',
      stamp: '2002-09-10T23:08:25.000Z',
    });
    assert.equal(
      delayXml("o'neill@例子.中国", atMs),
      "<delay xmlns='urn:xmpp:delay' from='o&apos;neill@例子.中国' stamp='2002-09-10T23:08:25.000Z'/>",
    );
    assert.equal(delayXml('', atMs), "<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25.000Z'/>");
  });
});

describe('XEP-0297 a forwarded message', () => {
  it('keeps its namespace, its children and what is around it', () => {
    const message = Stanza.build('message', { type: 'chat', id: 'm1' }, body('你好'), el('x', 'urn:x'));
    const forwarding = text(
      encodeForwarding("<message to='a'><sent>", within(message), '</sent></message>', '<delay/>'),
    );
    assert.equal(
      forwarding,
      `<message to='a'><sent><forwarded xmlns='urn:xmpp:forward:0'><delay/><message xmlns='jabber:client' id="m1" type="chat">` +
        `<body>你好</body><x xmlns='urn:x'/></message></forwarded></sent></message>`,
    );
  });

  it('property: read back it is the message that it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (value, isEmpty) => {
        const message = Stanza.build('message', { id: value }, ...(isEmpty ? [] : [body(value)]));
        const outer = Stanza.decode(
          encodeForwarding('<message><result xmlns="urn:r">', within(message), '</result></message>'),
        );
        const [forwarded] = outer.firstChild()?.children ?? [];
        assert.ok(typeof forwarded === 'object');
        const [inner] = forwarded.children;
        assert.ok(typeof inner === 'object');
        const decoded = Stanza.decode(message.encode());
        assert.deepEqual([inner.ns, inner.name, inner.attrs.id ?? ''], [NS.client, 'message', decoded.id]);
        assert.deepEqual(inner.children, isEmpty ? [] : [decoded.firstChild()]);
      }),
    );
  });
});

describe('an encoded stanza', () => {
  const full = makeFullJid(makeBareJid('romeo', 'localhost'), 'id="1"');

  it('has one more child behind the others', () => {
    const child = "<stanza-id xmlns='urn:xmpp:sid:0' id='1'/>";
    for (const stanza of [
      Stanza.build('message', {}),
      Stanza.build('message', { id: 'a/' }),
      Stanza.build('presence', { id: 'a' }),
      Stanza.build('message', { type: 'chat', from: full }, body('</message>'), el('x', 'urn:x')),
      Stanza.build('message', {}, body('')),
    ]) {
      const longer = Stanza.decode(withChild(within(stanza), child));
      const before = Stanza.decode(stanza.encode());
      assert.equal(text(longer.inner), text(before.inner) + child);
      assert.deepEqual([longer.kind, longer.id, longer.from], [before.kind, before.id, before.from]);
    }
  });

  it('property: a start tag is the stanza without what is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.boolean(), (id, type, isEmpty) => {
        const stanza = Stanza.build('message', { from: full, id, type }, ...(isEmpty ? [] : [body(`${id}>"/>`)]));
        const tag = Stanza.decode(startTagOf(within(stanza)));
        assert.deepEqual([tag.id, tag.type, tag.from, tag.inner.length], [stanza.id, stanza.type, full, 0]);
      }),
    );
    assert.equal(startTagOf(Buffer.from('no stanza')).length, 0);
    assert.equal(startTagOf(new Uint8Array(0)).length, 0);
  });

  it('property: tells its id, and equal ids are equal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (id, other) => {
        const stanza = (value: string) =>
          within(Stanza.build('message', { from: full, to: full, id: value, type: 'id="z"' }, body('b')));
        const decoded = (value: string) => Stanza.decode(stanza(value)).id;
        assert.equal(escapedIdOf(stanza(id)) === escapedIdOf(stanza(other)), decoded(id) === decoded(other));
        assert.equal(escapedIdOf(stanza(id)) === '', id === '');
      }),
    );
    assert.equal(escapedIdOf(within(Stanza.build('message', {}))), '');
    assert.equal(escapedIdOf(within(Stanza.build('message', {}, el('x', 'urn:x', { id: 'no' })))), '');
    assert.equal(escapedIdOf(within(Stanza.build('message', { id: 'm1' }))), 'm1');
    assert.equal(escapedIdOf(within(Stanza.build('message', { type: 'chat' }, el('x', 'urn:x', { id: 'no' })))), '');
  });
});
