import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import type { Endpoint } from './channel.ts';
import { Client, RefusedError } from './client.ts';
import { NotReceivedError } from './inbox.ts';
import { login } from './login.ts';
import { textOf } from './show-element.ts';

// A server that knows these answers and nothing else: enough to see that the client says the right things.
const FEATURES = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>";
const TCP_HEAD =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>";
const WS_HEAD = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' id='1' version='1.0'/>";
const ANSWERS: readonly [asked: RegExp, answers: readonly string[]][] = [
  [/<(stream:stream|open) /, ['HEAD', FEATURES]],
  [/<auth [^>]*>AGFkYQBnb29k</, ["<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"]],
  [/<auth /, ["<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>"]],
  [
    /<bind /,
    [
      "<iq xmlns='jabber:client' type='result' id='ID'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>ada@stub/x</jid></bind></iq>",
    ],
  ],
  [/<ping /, ["<iq xmlns='jabber:client' type='result' id='ID'/>"]],
  [
    /twice/,
    [
      "<message xmlns='jabber:client' id='1'><body>eins</body></message>",
      "<message xmlns='jabber:client' id='2'><body>zwei ü</body></message>",
    ],
  ],
  [/broken/, ['<message><body>never</message>']],
  [/<(\/stream:stream|close)/, ['END']],
];

function answersTo(asked: string): readonly string[] {
  const [, answers] = ANSWERS.find(([pattern]) => pattern.test(asked)) ?? [];
  const id = /id='([^']*)'/.exec(asked)?.[1] ?? '';
  return (answers ?? []).map((answer) => answer.replace('ID', id));
}

const tcp = net.createServer((socket) => {
  socket.setEncoding('utf8').on('data', (asked: string) => {
    for (const answer of answersTo(asked)) {
      if (answer === 'END') socket.end('</stream:stream>');
      // Byte by byte: the client must not depend on how TCP cuts the text.
      else for (const byte of Buffer.from(answer.replace('HEAD', TCP_HEAD))) socket.write(Buffer.of(byte));
    }
  });
  socket.on('error', () => undefined);
});
let ws: WebSocketServer;
const endpoints: Record<'tcp' | 'ws', Endpoint> = {
  tcp: { transport: 'tcp', host: '127.0.0.1', port: 0 },
  ws: { transport: 'ws', host: '127.0.0.1', port: 0 },
};

before(async () => {
  ws = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: (offered) => offered.has('xmpp') && 'xmpp' });
  ws.on('connection', (socket) => {
    socket.on('message', (asked) => {
      for (const answer of answersTo(String(asked))) {
        if (answer === 'END') socket.send("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", () => socket.close());
        else socket.send(answer.replace('HEAD', WS_HEAD));
      }
    });
  });
  await Promise.all([once(tcp.listen(0, '127.0.0.1'), 'listening'), once(ws, 'listening')]);
  endpoints.tcp = { transport: 'tcp', host: '127.0.0.1', port: (tcp.address() as AddressInfo).port };
  endpoints.ws = { transport: 'ws', host: '127.0.0.1', port: (ws.address() as AddressInfo).port };
});

after(() => {
  tcp.close();
  ws.close();
});

for (const transport of ['tcp', 'ws'] as const) {
  describe(`a client over ${transport}`, () => {
    async function online(): Promise<Client> {
      const client = await Client.connect(endpoints[transport], 'stub');
      await client.openStream();
      await client.authenticate('ada', 'good', 'PLAIN');
      await client.openStream();
      await client.bind('x');
      return client;
    }

    test('opens, authenticates, binds, and ends with an end tag', async () => {
      const client = await online();
      assert.equal(client.jid, 'ada@stub/x');
      await client.ping();
      assert.equal((await client.close()).endTag, true);
      assert.deepEqual(client.faults, []);
    });

    test('is told why it was refused', async () => {
      const client = await Client.connect(endpoints[transport], 'stub');
      await client.openStream();
      await assert.rejects(
        client.authenticate('ada', 'bad', 'PLAIN'),
        (e) => e instanceof RefusedError && /not-authorized/.test(e.message),
      );
      await client.destroy();
    });

    test('takes what matches, out of order too, and keeps the history', async () => {
      const client = await online();
      await client.sends`<message><body>twice</body></message>`;
      await client.receives`<message id='2'/>`;
      assert.equal(client.unread.length, 1);
      const [first] = await client.messages(1);
      assert.equal(first?.attrs.id, '1');
      assert.ok(client.history.length >= 4);
      assert.match(
        client.history.map((e) => e.children.map((c) => (typeof c === 'string' ? c : textOf(c)))).join(),
        /zwei ü/,
      );
      await client.destroy();
    });

    test('fails a wait with what it has got instead', async () => {
      const client = await online();
      await client.sends`<message><body>twice</body></message>`;
      await client.messages(1);
      await assert.rejects(
        client.receive('<presence/>', 100),
        (e) => e instanceof NotReceivedError && /id='2'/.test(e.message),
      );
      await assert.rejects(client.receivesNothing(), /id='2'/);
      await client.destroy();
      await assert.rejects(client.receive('<presence/>'), /closed/);
    });

    test('notices what is not well-formed', async () => {
      const client = await online();
      await client.sends`<message><body>broken</body></message>`;
      await client.ended();
      assert.equal(client.faults.length, 1);
    });
  });
}

test('a login that is refused leaves no connection', async () => {
  await assert.rejects(
    login(endpoints.ws, 'stub', { username: 'ada', password: 'bad', mechanism: 'PLAIN' }),
    RefusedError,
  );
});
