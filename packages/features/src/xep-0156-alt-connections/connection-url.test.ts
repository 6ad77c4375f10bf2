import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { websocketUrl } from './connection-url.ts';

const urlOf = (host: string, publicUrl = '', domain = 'example.com') =>
  websocketUrl({ publicUrl, host, domain }, '/xmpp-websocket');

describe('XEP-0156 Business Rules: the URL of the WebSocket', () => {
  const table: readonly (readonly [why: string, host: string, publicUrl: string, url: string])[] = [
    ['what is configured', 'other.example', 'https://chat.example.com', 'wss://chat.example.com/xmpp-websocket'],
    ['… with a port and a path', 'x', 'https://example.com:8443/chat/', 'wss://example.com:8443/chat/xmpp-websocket'],
    ['… in the clear, for a trial', 'x', 'http://10.0.0.7:5280', 'ws://10.0.0.7:5280/xmpp-websocket'],
    ['else where the request went', 'chat.example.com', '', 'wss://chat.example.com/xmpp-websocket'],
    ['… with its port', 'Chat.Example.com:8443', '', 'wss://chat.example.com:8443/xmpp-websocket'],
    ['… an IPv6 address', '[2001:db8::1]:5280', '', 'wss://[2001:db8::1]:5280/xmpp-websocket'],
    ['a loopback address has no certificate', 'localhost:5280', '', 'ws://localhost:5280/xmpp-websocket'],
    ['… 127.0.0.1', '127.0.0.1:5280', '', 'ws://127.0.0.1:5280/xmpp-websocket'],
    ['… ::1', '[::1]:5280', '', 'ws://[::1]:5280/xmpp-websocket'],
    [
      '… but a name that only looks like one has',
      '127.0.0.1.example.com',
      '',
      'wss://127.0.0.1.example.com/xmpp-websocket',
    ],
    ['no host: the domain', '', '', 'wss://example.com/xmpp-websocket'],
    ['no host that is one: the domain', 'evil.example/x?', '', 'wss://example.com/xmpp-websocket'],
    ['… with a user', 'a@evil.example', '', 'wss://example.com/xmpp-websocket'],
    ['… too long', `${'a'.repeat(300)}.example`, '', 'wss://example.com/xmpp-websocket'],
  ];
  for (const [why, host, publicUrl, url] of table)
    it(`${why}: ${url}`, () => assert.equal(urlOf(host, publicUrl), url));

  it('is on our path, whatever a client writes as its host', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (host) => {
        const { protocol, pathname, search, hash, username } = new URL(urlOf(host));
        assert.match(protocol, /^wss?:$/);
        assert.deepEqual([pathname, search, hash, username], ['/xmpp-websocket', '', '', '']);
      }),
    );
  });

  it('is linear in its input', () => {
    const started = performance.now();
    urlOf('a-'.repeat(100_000));
    assert.ok(performance.now() - started < 100);
  });
});
