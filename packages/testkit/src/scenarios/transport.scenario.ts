import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import WebSocket from 'ws';
import { WEBSOCKET_PATH } from '../channel.ts';
import { scenario } from '../scenario.ts';
import { STREAMS } from '../stream-reader.ts';

const TCP = { edges: [1], transports: ['tcp'] } as const;
const WS = { edges: [1], transports: ['ws'] } as const;
const ENDED = /<\/stream:stream>/;

scenario(
  'stanzas cut into single bytes, or many in one piece, are the same',
  { edges: [1, 3], transports: ['tcp', 'tls'] },
  async ({ romeo, juliet }) => {
    const [from, to] = [await romeo.online(), await juliet.online()];
    const stanza = (body: string) => `<message to='${juliet.jid}' type='chat'><body>${body}</body></message>`;
    for (const byte of Buffer.from(stanza('☀ one byte at a time 罗密欧'))) from.send(Buffer.of(byte));
    await to.receives`<message><body>☀ one byte at a time 罗密欧</body></message>`;
    from.send(Array.from({ length: 50 }, (_, i) => stanza(`piece ${i}`)).join('\n'));
    for (let i = 0; i < 50; i++) await to.receives`<message><body>piece ${i}</body></message>`;
  },
);

scenario('a client that does not wait for answers is served in order', { edges: [1, 3] }, async ({ romeo }) => {
  const client = await romeo.online();
  const ids = Array.from({ length: 100 }, (_, i) => `p${i}`);
  for (const id of ids) client.sendXml(`<iq type='get' id='${id}'><ping xmlns='urn:xmpp:ping'/></iq>`);
  for (const id of ids) assert.equal((await client.next()).attrs.id, id);
});

scenario(
  'RFC 6120 §4.6.1 whitespace between stanzas keeps a connection alive',
  { edges: [1], transports: ['tcp', 'tls'] },
  async ({ romeo }) => {
    const client = await romeo.online();
    for (let i = 0; i < 3; i++) client.send(' \n');
    await client.ping();
  },
);

scenario(
  'RFC 6120 §5.4.3.3 what was sent in the clear behind <starttls/> is not read as if it had come in TLS',
  TCP,
  async ({ connect }) => {
    const client = await connect();
    await client.openStream();
    const injected = "<iq type='get' id='injected'><query xmlns='jabber:iq:register'/></iq>";
    client.send(`<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>${injected}`);
    await client.receives`<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`;
    await client.channel.startTls(client.domain);
    await client.openStream();
    await client.iq('get', '', "<query xmlns='jabber:iq:register'/>");
    assert.deepEqual(client.unread, []);
  },
);

scenario('RFC 6120 §4.4 the end of the connection is the end of the session', { edges: [1, 3] }, async ({ juliet }) => {
  const [phone, laptop] = await juliet.devices('phone', 'laptop');
  await laptop.destroy();
  await phone.receives`<presence type='unavailable' from='${laptop.jid}'/>`;
});

scenario('a stream that ends before it has begun', TCP, async ({ world }) => {
  const { host, port } = world.endpoint('tcp');
  for (const text of ['', "<?xml version='1.0'?>", '<stream:stream']) {
    const socket = net.connect({ host, port });
    await once(socket, 'connect');
    socket.end(text);
    socket.resume();
    await once(socket, 'close');
  }
  const socket = net.connect({ host, port });
  socket
    .setEncoding('utf8')
    .end(
      `<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' to='${world.domain}' version='1.0'></stream:stream>`,
    );
  let text = '';
  for await (const piece of socket) text += String(piece);
  assert.match(text, ENDED);
});

scenario('RFC 7395 §3.1 a WebSocket is for the protocol xmpp, at its path', WS, async ({ world }) => {
  const { host, port } = world.endpoint('ws');
  const outcome = async (path: string, protocols: string[]) => {
    const socket = new WebSocket(`ws://${host}:${port}${path}`, protocols);
    const [event] = await Promise.race([
      once(socket, 'open').then(() => ['open']),
      new Promise<[string]>((resolve) => socket.once('error', () => resolve(['refused']))),
    ]);
    socket.on('error', () => undefined).terminate();
    return event;
  };
  assert.equal(await outcome(WEBSOCKET_PATH, ['xmpp']), 'open');
  assert.equal(await outcome(WEBSOCKET_PATH, ['chat']), 'refused');
  assert.equal(await outcome(WEBSOCKET_PATH, []), 'refused');
  assert.equal(await outcome('/elsewhere', ['xmpp']), 'refused');
});
