import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NS, StreamError } from '@starling/stanza';
import { type ClientHeader, checkHeader, languageOf, replyToHeader } from './header.ts';

const DOMAIN = 'verona.example';
const ATTRS = { to: DOMAIN, version: '1.0' };
const TCP: ClientHeader = { name: 'stream', ns: NS.streams, attrs: ATTRS, scope: { '': NS.client } };
const WS: ClientHeader = { name: 'open', ns: NS.framing, attrs: ATTRS, scope: { '': NS.framing } };

function verdict(header: ClientHeader, framing: 'stream' | 'message'): string {
  try {
    checkHeader(header, framing, DOMAIN);
    return 'ok';
  } catch (error) {
    assert.ok(error instanceof StreamError);
    return error.condition;
  }
}

describe('checkHeader (RFC 6120 §4.7, §4.8; RFC 7395 §3.4)', () => {
  const byAttributes: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [{ to: DOMAIN, version: '1.0' }, 'ok'],
    [{ to: 'VERONA.example', version: '1.0' }, 'ok'],
    [{ to: `${DOMAIN}.`, version: '1.0' }, 'ok'],
    [{ to: DOMAIN, version: '1.13' }, 'ok'],
    [{ to: DOMAIN, version: '2.0' }, 'ok'],
    [{ to: DOMAIN, version: '01.0' }, 'ok'],
    [{ to: DOMAIN }, 'unsupported-version'],
    [{ to: DOMAIN, version: '' }, 'unsupported-version'],
    [{ to: DOMAIN, version: '0.9' }, 'unsupported-version'],
    [{ to: DOMAIN, version: '1' }, 'unsupported-version'],
    [{ to: DOMAIN, version: '1.0.0' }, 'unsupported-version'],
    [{ to: DOMAIN, version: '-1.0' }, 'unsupported-version'],
    [{ version: '1.0' }, 'host-unknown'],
    [{ to: '', version: '1.0' }, 'host-unknown'],
    [{ to: 'mantua.example', version: '1.0' }, 'host-unknown'],
    [{ to: `romeo@${DOMAIN}`, version: '1.0' }, 'host-unknown'],
    [{ to: `${DOMAIN}/x`, version: '1.0' }, 'host-unknown'],
    [{ to: '@', version: '1.0' }, 'improper-addressing'],
    [{ to: 'a b', version: '1.0' }, 'improper-addressing'],
    [{ to: 'mantua.example', version: '0.9' }, 'unsupported-version'],
  ];
  for (const [attrs, expected] of byAttributes) {
    it(`${JSON.stringify(attrs)} → ${expected}`, () => {
      assert.equal(verdict({ ...TCP, attrs }, 'stream'), expected);
      assert.equal(verdict({ ...WS, attrs }, 'message'), expected);
    });
  }

  it('namespaces and names of a stream', () => {
    assert.equal(verdict({ ...TCP, ns: 'urn:x' }, 'stream'), 'invalid-namespace');
    assert.equal(verdict({ ...TCP, ns: 'urn:x', name: 'dream' }, 'stream'), 'invalid-namespace');
    assert.equal(verdict({ ...TCP, name: 'dream' }, 'stream'), 'bad-format');
    assert.equal(verdict({ ...TCP, scope: { '': NS.server } }, 'stream'), 'invalid-namespace');
    assert.equal(verdict({ ...TCP, scope: { '': 'urn:x' } }, 'stream'), 'invalid-namespace');
    assert.equal(verdict({ ...TCP, scope: { '': NS.streams } }, 'stream'), 'ok', '§4.8.2: prefix-free');
    assert.equal(verdict({ ...TCP, scope: {} }, 'stream'), 'ok');
    assert.equal(verdict(WS, 'stream'), 'invalid-namespace');
  });

  it('namespaces and names of an <open/>', () => {
    assert.equal(verdict({ ...WS, ns: NS.client }, 'message'), 'invalid-namespace');
    assert.equal(verdict({ ...WS, name: 'shut' }, 'message'), 'bad-format');
    assert.equal(verdict(TCP, 'message'), 'invalid-namespace');
  });
});

describe('replyToHeader', () => {
  const reply = (attrs: Readonly<Record<string, string>>) => replyToHeader({ ...TCP, attrs });

  it('§4.7.2 the bare JID of who asks, when it is one', () => {
    assert.equal(reply({ from: 'Romeo@Verona.example/orchard' }).to, 'romeo@verona.example');
    assert.equal(reply({ from: 'romeo@verona.example' }).to, 'romeo@verona.example');
    for (const from of ['', '@', 'a@b@c']) assert.equal(reply({ from }).to, '', from);
    assert.equal(reply({}).to, '');
  });

  it('§4.7.4 a language that the server writes, else its own', () => {
    for (const lang of ['en', 'EN', 'en-GB']) assert.equal(reply({ 'xml:lang': lang }).lang, lang);
    for (const lang of ['', 'de', 'eng', 'en-', "en-'/>", 'en-toolongsubtag']) {
      assert.equal(reply({ 'xml:lang': lang }).lang, 'en', lang);
    }
  });

  it('§4.7.5 no version for who gave none', () => {
    assert.equal(reply({}).version, '');
    for (const version of ['0.9', '1.0', '11.0']) assert.equal(reply({ version }).version, '1.0');
  });
});

it('languageOf: what the client says of its stanzas, if it is a language', () => {
  const lang = (tag: string) => languageOf({ ...TCP, attrs: { 'xml:lang': tag } });
  for (const tag of ['en', 'de-CH', 'zh-Hans-CN']) assert.equal(lang(tag), tag);
  for (const tag of ['', 'not a tag', '-', "x'y"]) assert.equal(lang(tag), '');
  assert.equal(languageOf(TCP), '');
});
