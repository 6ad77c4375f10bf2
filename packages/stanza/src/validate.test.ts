import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { el, messageTypeOf, NS, Stanza, StanzaError, type StanzaKind, validateStanza } from './index.ts';

const child = el('query', 'urn:x');
const error = new StanzaError('conflict').toElement();

function verdict(
  kind: StanzaKind,
  attributes: { type?: string; id?: string; lang?: string },
  ...children: (typeof child)[]
): string {
  try {
    validateStanza(Stanza.build(kind, attributes, ...children));
    return 'ok';
  } catch (caught) {
    assert.ok(caught instanceof StanzaError);
    return caught.condition;
  }
}

describe('every stanza', () => {
  it('has an id and a language of a bounded length', () => {
    for (const kind of ['message', 'presence', 'iq'] as const) {
      const type = kind === 'iq' ? 'get' : '';
      assert.equal(verdict(kind, { type, id: 'x'.repeat(1_024) }, child), 'ok');
      assert.equal(verdict(kind, { type, id: 'x'.repeat(1_025) }, child), 'policy-violation');
    }
    assert.equal(verdict('message', { lang: 'x'.repeat(129) }), 'policy-violation');
  });
});

describe('iq (RFC 6120 §8.2.3)', () => {
  it('needs an id', () => {
    assert.equal(verdict('iq', { type: 'get' }, child), 'bad-request');
    assert.equal(verdict('iq', { type: 'result' }), 'bad-request');
  });

  it('needs a type that exists', () => {
    for (const type of ['', 'chat', 'GET', 'unavailable'])
      assert.equal(verdict('iq', { id: '1', type }, child), 'bad-request');
  });

  it('a request has one child', () => {
    for (const type of ['get', 'set']) {
      assert.equal(verdict('iq', { id: '1', type }), 'bad-request');
      assert.equal(verdict('iq', { id: '1', type }, child), 'ok');
      assert.equal(verdict('iq', { id: '1', type }, child, child), 'bad-request');
    }
  });

  it('a result has one child at most', () => {
    assert.equal(verdict('iq', { id: '1', type: 'result' }), 'ok');
    assert.equal(verdict('iq', { id: '1', type: 'result' }, child), 'ok');
    assert.equal(verdict('iq', { id: '1', type: 'result' }, child, child), 'bad-request');
  });

  it('an error has its condition, and may have the request', () => {
    assert.equal(verdict('iq', { id: '1', type: 'error' }), 'bad-request');
    assert.equal(verdict('iq', { id: '1', type: 'error' }, error), 'ok');
    assert.equal(verdict('iq', { id: '1', type: 'error' }, child, error), 'ok');
  });
});

describe('presence (RFC 6121 §4.7.1)', () => {
  it('has one of eight types', () => {
    for (const type of [
      '',
      'error',
      'probe',
      'subscribe',
      'subscribed',
      'unavailable',
      'unsubscribe',
      'unsubscribed',
    ]) {
      assert.equal(verdict('presence', { type }), 'ok', type);
    }
    for (const type of ['available', 'invisible', 'Subscribe', 'toString'])
      assert.equal(verdict('presence', { type }), 'bad-request', type);
  });
});

describe('message (RFC 6121 §5.2.2)', () => {
  it('of no or unknown type is normal', () => {
    const typeOf = (type: string) => messageTypeOf(Stanza.build('message', { type }, el('body', NS.client)));
    for (const type of ['chat', 'error', 'groupchat', 'headline', 'normal']) assert.equal(typeOf(type), type);
    for (const type of ['', 'CHAT', 'odd']) {
      assert.equal(typeOf(type), 'normal');
      assert.equal(verdict('message', { type }), 'ok');
    }
  });
});
