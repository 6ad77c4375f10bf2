import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeBareJid, parseJid } from '@starling/jid';
import { parseElement, serialize } from '@starling/xml';
import {
  CONDITIONS,
  type Condition,
  el,
  errorReply,
  errorTable,
  NS,
  parseStanzaError,
  resultReply,
  STREAM_CONDITIONS,
  Stanza,
  StanzaError,
  StreamError,
} from './index.ts';

const text = (stanza: Stanza) => Buffer.from(stanza.encode()).toString();

describe('stanza errors (RFC 6120 §8.3)', () => {
  it('the table of §8.3.3', () => {
    const rfc = `bad-request modify, conflict cancel, feature-not-implemented cancel, forbidden auth, gone cancel,
      internal-server-error cancel, item-not-found cancel, jid-malformed modify, not-acceptable modify, not-allowed cancel,
      not-authorized auth, policy-violation modify, recipient-unavailable wait, redirect modify, registration-required auth,
      remote-server-not-found cancel, remote-server-timeout wait, resource-constraint wait, service-unavailable cancel,
      subscription-required auth, undefined-condition cancel, unexpected-request wait`;
    assert.deepEqual(
      Object.entries(CONDITIONS).map(([condition, type]) => `${condition} ${type}`),
      rfc.split(/,\s+/),
    );
    for (const condition of Object.keys(CONDITIONS) as Condition[]) {
      assert.equal(new StanzaError(condition).type, CONDITIONS[condition]);
    }
  });

  it('as an element', () => {
    assert.equal(
      serialize(new StanzaError('item-not-found').toElement(), NS.client),
      "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
    );
    const error = new StanzaError('policy-violation', 'too <much>', {
      type: 'wait',
      by: 'example.com',
      app: el('flood', 'urn:x'),
    });
    assert.equal(
      serialize(error.toElement(), NS.client),
      "<error by='example.com' type='wait'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>" +
        "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>too &lt;much&gt;</text><flood xmlns='urn:x'/></error>",
    );
  });

  it('is an Error with a name and a cause', () => {
    const cause = new Error('x');
    const error = new StanzaError('conflict', 'taken', { cause });
    assert.equal(`${error}`, 'StanzaError: conflict: taken');
    assert.equal(error.cause, cause);
    assert.equal('cause' in new StanzaError('conflict'), false);
  });

  it('reads back what it wrote', () => {
    for (const condition of Object.keys(CONDITIONS) as Condition[]) {
      const error = new StanzaError(condition, 'why', {
        type: 'continue',
        by: 'a@b',
        app: el('app', 'urn:x', { k: 'v' }),
      });
      const back = parseStanzaError(parseElement(serialize(error.toElement())));
      assert.deepEqual(
        [back.condition, back.text, back.type, back.by, back.app],
        [condition, 'why', 'continue', 'a@b', el('app', 'urn:x', { k: 'v' })],
      );
    }
  });

  it('reads what others send: an unknown condition is undefined-condition', () => {
    const read = (xml: string) => parseStanzaError(parseElement(xml, { '': NS.client }));
    const unknown = read(
      `<error type='modify'><text xmlns='${NS.stanzas}'>t</text><new-one xmlns='${NS.stanzas}'/></error>`,
    );
    assert.deepEqual([unknown.condition, unknown.type, unknown.text], ['undefined-condition', 'modify', 't']);
    const noType = read(`<error type='odd'><forbidden xmlns='${NS.stanzas}'/></error>`);
    assert.deepEqual([noType.condition, noType.type], ['forbidden', 'auth']);
    const empty = read('<error/>');
    assert.deepEqual(
      [empty.condition, empty.type, empty.text, empty.app],
      ['undefined-condition', 'cancel', '', undefined],
    );
    assert.equal(read(`<error><constructor xmlns='${NS.stanzas}'/></error>`).condition, 'undefined-condition');
  });

  it('a table of a feature', () => {
    const errors = errorTable('urn:xmpp:blocking:errors', {
      blocked: ['not-acceptable', 'You have blocked this JID', 'blocked'],
      full: ['resource-constraint', 'The list is full'],
    });
    const cause = new Error('x');
    const error = errors.blocked({ cause });
    assert.ok(error instanceof StanzaError);
    assert.equal(error.cause, cause);
    assert.equal(
      serialize(error.toElement(), NS.client),
      "<error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'" +
        " xml:lang='en'>You have blocked this JID</text><blocked xmlns='urn:xmpp:blocking:errors'/></error>",
    );
    assert.equal(errors.full().type, 'wait');
    assert.notEqual(errors.full(), errors.full());
  });
});

describe('replies', () => {
  const from = parseJid('romeo@example.net/orchard');
  const to = makeBareJid('juliet', 'example.com');
  const iq = Stanza.build('iq', { type: 'get', id: 'i1', from, to }, el('query', 'jabber:iq:roster'));

  it('an error swaps the addresses, keeps kind and id, and does not echo', () => {
    assert.equal(
      text(errorReply(iq, new StanzaError('service-unavailable'))),
      '<iq to="romeo@example.net/orchard" from="juliet@example.com" id="i1" type="error">' +
        "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    );
    const message = Stanza.build('message', { from, to, type: 'chat', lang: 'en' }, el('body', NS.client, {}, 'x'));
    const reply = errorReply(message, new StanzaError('gone'), parseJid('example.com'));
    assert.deepEqual(
      [reply.kind, reply.type, reply.from, reply.to, reply.id, reply.lang],
      ['message', 'error', 'example.com', from, '', ''],
    );
    assert.deepEqual(
      reply.children.map((c) => c.name),
      ['error'],
    );
  });

  it('a result swaps the addresses and keeps the id', () => {
    assert.equal(
      text(resultReply(iq)),
      '<iq to="romeo@example.net/orchard" from="juliet@example.com" id="i1" type="result"/>',
    );
    assert.equal(
      text(resultReply(iq.with({ to: '' }), el('query', 'jabber:iq:roster', { ver: '1' }))),
      '<iq to="romeo@example.net/orchard" id="i1" type="result"><query xmlns=\'jabber:iq:roster\' ver=\'1\'/></iq>',
    );
  });
});

describe('stream errors (RFC 6120 §4.9)', () => {
  it('the conditions of §4.9.3', () => {
    const rfc = `bad-format bad-namespace-prefix conflict connection-timeout host-gone host-unknown improper-addressing
      internal-server-error invalid-from invalid-namespace invalid-xml not-authorized not-well-formed policy-violation
      remote-connection-failed reset resource-constraint restricted-xml see-other-host system-shutdown undefined-condition
      unsupported-encoding unsupported-feature unsupported-stanza-type unsupported-version`;
    assert.deepEqual(STREAM_CONDITIONS, rfc.split(/\s+/));
  });

  it('as an element', () => {
    assert.equal(
      serialize(new StreamError('conflict').toElement(), NS.streams),
      "<error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>",
    );
    const error = new StreamError('policy-violation', 'too large', { app: el('big', 'urn:x'), cause: 1 });
    assert.equal(
      serialize(error.toElement()),
      "<error xmlns='http://etherx.jabber.org/streams'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>" +
        "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>too large</text><big xmlns='urn:x'/></error>",
    );
    assert.equal(`${error}`, 'StreamError: policy-violation: too large');
    assert.equal(error.cause, 1);
  });
});
