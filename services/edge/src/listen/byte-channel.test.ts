import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { WEBSOCKET_PATH } from '@starling/feature-api';
import { silentLogger } from '@starling/runtime';
import { WebSocket } from 'ws';
import type { EagerClientData } from '../testing/eager-client.ts';
import { parseAddressRanges } from './address-ranges.ts';
import type { ByteChannel, Listener, OnConnection } from './byte-channel.ts';
import { ConnectionLimits, type LimitName } from './connection-limits.ts';
import { CLOSE_TIMEOUT_MS } from './queued-channel.ts';
import { openTcpListener } from './tcp.ts';
import { openTlsIdentity } from './tls-context.ts';
import { type HttpHandler, NOT_FOUND } from './websocket.ts';
import { openWebSocketListener } from './ws.ts';
import { loadUws } from './ws-uws.ts';

const SEND_BUFFER_BYTES_MAX = 8_000_000;
const MESSAGE_BYTES_MAX = 1_000_000;
const IDLE_TIMEOUT_MS = 60_000;
const KINDS = ['tcp', 'starttls', 'tls', 'ws', 'uws'] as const;
type Kind = (typeof KINDS)[number];

const folder = await mkdtemp(join(tmpdir(), 'starling-listen-'));
after(() => rm(folder, { recursive: true }));
const tls = await openTlsIdentity({ cert: '', key: '', dataDir: folder, domain: 'example.com', log: silentLogger });
const uwsMissing = await loadUws().then(
  () => false,
  () => 'no binary of uWebSockets.js for this Node',
);

/** What a test wants to know of a connection's other end, whatever carries it. */
interface Client {
  readonly raw: Socket | TLSSocket | WebSocket;
  /** All text that came so far. */
  text: string;
  /** Close code of a WebSocket, 0 for the end of a TCP connection; undefined while it is open. */
  closed: number | undefined;
  send(text: string): void;
  pause(): void;
  resume(): void;
  /** Says that it will send no more. */
  end(): void;
  destroy(): void;
}

function streamClient(socket: Socket): Client {
  const client: Client = {
    raw: socket,
    text: '',
    closed: undefined,
    send: (text) => void socket.write(text),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => void ('encrypted' in socket ? socket.destroy() : socket.resetAndDestroy()),
  };
  socket.on('data', (chunk) => {
    client.text += chunk;
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    client.closed = 0;
  });
  return client;
}

function webSocketClient(socket: WebSocket): Client {
  const client: Client = {
    raw: socket,
    text: '',
    closed: undefined,
    send: (text) => socket.send(text),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => socket.close(1000),
    destroy: () => socket.terminate(),
  };
  socket.on('message', (data) => {
    client.text += data;
  });
  socket.on('error', () => undefined);
  socket.on('close', (code) => {
    client.closed = code;
  });
  return client;
}

/** Connected, and with STARTTLS through it. */
async function connectClient(kind: Kind, port: number): Promise<Client> {
  if (kind === 'ws' || kind === 'uws') {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${WEBSOCKET_PATH}`, ['xmpp']);
    const client = webSocketClient(socket);
    await once(socket, 'open');
    return client;
  }
  const options = { ca: [], rejectUnauthorized: false, servername: 'example.com' };
  if (kind === 'tls') {
    const socket = connectTls({ ...options, host: '127.0.0.1', port, ALPNProtocols: ['xmpp-client'] });
    const client = streamClient(socket);
    await once(socket, 'secureConnect');
    assert.equal(socket.alpnProtocol, 'xmpp-client');
    return client;
  }
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  if (kind === 'tcp') return streamClient(socket);
  socket.write('<starttls/>');
  const [proceed] = await once(socket, 'data');
  assert.equal(String(proceed), '<proceed/>');
  const secured = connectTls({ ...options, socket });
  const client = streamClient(secured);
  await once(secured, 'secureConnect');
  return client;
}

interface Server {
  readonly listener: Listener;
  readonly limits: ConnectionLimits;
  readonly limitsHit: LimitName[];
  readonly channels: ByteChannel[];
}
interface ServerOptions {
  readonly connectionsMax?: number;
  readonly connectionsPerAddressMax?: number;
  readonly limitLoopback?: boolean;
  readonly sendBufferBytesMax?: number;
  readonly idleTimeoutMs?: number;
  readonly http?: HttpHandler;
  readonly port?: number;
  /** Whose X-Forwarded-For is believed. */
  readonly proxies?: string;
}

const servers: Server[] = [];
const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) {
    await server.listener.stop();
    for (const channel of server.channels) channel.destroy();
    await until(() => server.limits.open === 0, 'every place was given back');
  }
});

async function serve(kind: Kind, onConnection: OnConnection, options: ServerOptions = {}): Promise<Server> {
  const limitsHit: LimitName[] = [];
  const limits = new ConnectionLimits({
    connectionsMax: options.connectionsMax ?? 1000,
    connectionsPerAddressMax: options.connectionsPerAddressMax ?? 1000,
    limitLoopback: options.limitLoopback ?? false,
    onLimit: (limit) => limitsHit.push(limit),
  });
  const channels: ByteChannel[] = [];
  const common = {
    host: '127.0.0.1',
    port: options.port ?? 0,
    sendBufferBytesMax: options.sendBufferBytesMax ?? SEND_BUFFER_BYTES_MAX,
    limits,
  };
  const connected = (channel: ByteChannel) => {
    channels.push(channel);
    if (kind === 'starttls') upgradeOn(channel, onConnection);
    else onConnection(channel);
  };
  const listener =
    kind === 'ws' || kind === 'uws'
      ? await openWebSocketListener(
          {
            ...common,
            library: kind,
            log: silentLogger,
            messageBytesMax: MESSAGE_BYTES_MAX,
            idleTimeoutMs: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
            proxies: parseAddressRanges(options.proxies ?? '', 'STARLING_FORWARDED_FROM'),
            http: options.http ?? (() => NOT_FOUND),
          },
          connected,
        )
      : await openTcpListener({ ...common, tls, direct: kind === 'tls' }, connected);
  const server = { listener, limits, limitsHit, channels };
  servers.push(server);
  return server;
}

/** A stream that does nothing but STARTTLS, then hands the channel on. */
function upgradeOn(channel: ByteChannel, onConnection: OnConnection): void {
  channel.onData = (chunk) => {
    assert.equal(Buffer.from(chunk).toString(), '<starttls/>');
    assert.ok(channel.canUpgrade && !channel.secure);
    channel.send(Buffer.from('<proceed/>'));
    channel.upgrade();
    assert.ok(channel.secure);
    onConnection(channel);
  };
}

async function until(condition: () => boolean, what: string, timeoutMs = 8_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) assert.fail(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A server with one connection, both ends at hand. */
async function open(kind: Kind, options: ServerOptions = {}) {
  const seen = { text: '', chunks: 0, closes: 0 };
  const server = await serve(
    kind,
    (channel) => {
      channel.onData = (chunk) => {
        seen.text += Buffer.from(chunk).toString();
        seen.chunks++;
      };
      channel.onClose = () => seen.closes++;
    },
    options,
  );
  const client = await connectClient(kind, server.listener.port);
  clients.push(client);
  await until(() => server.channels.length === 1, 'the connection');
  const [channel] = server.channels;
  assert.ok(channel);
  return { server, client, channel, seen };
}

const bytes = (text: string) => Buffer.from(text);
const isStream = (kind: Kind) => kind === 'tcp' || kind === 'tls' || kind === 'starttls';

for (const kind of KINDS) {
  describe(kind, { skip: kind === 'uws' && uwsMissing }, () => {
    it('tells who is there', async () => {
      const { channel, server } = await open(kind);
      assert.equal(channel.peerAddress, '127.0.0.1');
      assert.equal(channel.loopback, true);
      assert.equal(channel.framing, isStream(kind) ? 'stream' : 'message');
      assert.equal(channel.secure, kind === 'tls' || kind === 'starttls');
      assert.equal(server.limits.open, 1);
    });

    it('carries text both ways, in order', async () => {
      const { client, channel, seen } = await open(kind);
      channel.onData = (chunk) => void channel.send(Uint8Array.from(chunk));
      const parts = Array.from({ length: 500 }, (_, i) => `<m n='${i}'>Grüße 😀</m>`);
      for (const part of parts) client.send(part);
      await until(() => client.text.length >= parts.join('').length, 'the echo');
      assert.equal(client.text, parts.join(''));
      assert.equal(seen.closes, 0);
    });

    it('carries much both ways', async () => {
      const { client, channel, seen } = await open(kind);
      const parts = Array.from({ length: 100 }, (_, i) => `${i}-${'x'.repeat(60_000)};`);
      const all = parts.join('');
      for (const part of parts) {
        assert.ok(channel.send(bytes(part)));
        client.send(part);
      }
      await until(() => client.text.length === all.length && seen.text.length === all.length, 'all of it');
      assert.ok(client.text === all && seen.text === all);
      assert.equal(channel.bufferedBytes, 0);
    });

    it('writes at the end of the turn', async () => {
      const { client, channel } = await open(kind);
      channel.send(bytes('one,'));
      channel.send(bytes('two'));
      assert.equal(channel.bufferedBytes, 7);
      await until(() => client.text === 'one,two', 'both');
      assert.equal(channel.bufferedBytes, 0);
    });

    it('pauses and resumes', async () => {
      const { client, channel, seen } = await open(kind);
      const can = channel.pause();
      assert.equal(can, kind !== 'uws');
      client.send('while paused');
      channel.send(bytes('ping'));
      await until(() => client.text === 'ping', 'the other direction goes on');
      if (can) assert.equal(seen.text, '');
      channel.resume();
      await until(() => seen.text === 'while paused', 'what was held back');
    });

    it('sends what is queued when it closes', async () => {
      const { client, channel, seen } = await open(kind);
      client.pause();
      // More than the kernel takes at once.
      const part = bytes('y'.repeat(50_000));
      for (let i = 0; i < 140; i++) assert.ok(channel.send(part));
      channel.send(bytes('</end>'));
      channel.close(1012);
      assert.equal(seen.closes, 0);
      assert.equal(channel.send(part), false);
      client.resume();
      await until(() => client.closed !== undefined && seen.closes === 1, 'the end');
      assert.equal(client.text.length, 140 * 50_000 + 6);
      assert.ok(client.text.endsWith('</end>'));
      assert.equal(client.closed, isStream(kind) ? 0 : 1012);
    });

    it('is heard by a peer that is still sending', async () => {
      const { client, channel, seen } = await open(kind);
      channel.onData = () => {
        channel.onData = () => assert.fail('data after close()');
        channel.send(bytes('<error/>'));
        channel.close();
      };
      for (let i = 0; i < 100; i++) client.send('z'.repeat(100_000));
      await until(() => client.closed !== undefined && seen.closes === 1, 'the end');
      assert.equal(client.text, '<error/>');
    });

    it('can be destroyed', async () => {
      const { client, channel, seen } = await open(kind);
      channel.send(bytes('never sent'));
      channel.destroy();
      channel.destroy();
      channel.close();
      assert.equal(seen.closes, 0, 'onClose is not called from within');
      assert.equal(channel.send(bytes('x')), false);
      channel.pause();
      channel.resume();
      channel.upgrade();
      assert.equal(channel.bufferedBytes, 0);
      await until(() => client.closed !== undefined && seen.closes === 1, 'the end');
      assert.equal(client.text, '');
      assert.equal(client.closed, isStream(kind) ? 0 : 1006);
    });

    it('answers the end of the peer with its own', async () => {
      const { client, channel, seen } = await open(kind);
      client.send('last words');
      client.end();
      channel.onData = (chunk) => {
        seen.text += Buffer.from(chunk).toString();
        channel.send(bytes('heard'));
      };
      await until(() => client.closed !== undefined && seen.closes === 1, 'the end');
      assert.equal(seen.text, 'last words');
      if (isStream(kind)) assert.equal(client.text, 'heard');
      assert.equal(channel.send(bytes('x')), false);
    });

    it('ends when the peer vanishes', async () => {
      const { client, channel, seen } = await open(kind);
      client.destroy();
      await until(() => seen.closes === 1, 'the end');
      assert.equal(channel.send(bytes('x')), false);
      assert.equal(channel.bufferedBytes, 0);
      channel.close();
      channel.destroy();
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(seen.closes, 1);
    });

    it('bounds what waits for a peer that does not read', async () => {
      const sendBufferBytesMax = 2_000_000;
      const { client, channel, seen, server } = await open(kind, { sendBufferBytesMax });
      client.pause();
      const part = bytes('w'.repeat(50_000));
      let sent = 0;
      let most = 0;
      while (channel.send(part)) {
        most = Math.max(most, channel.bufferedBytes);
        assert.ok(++sent < 2_000, 'it would take everything');
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.ok(most > sendBufferBytesMax / 2 && most <= sendBufferBytesMax + part.length, String(most));
      assert.equal(seen.closes, 0);
      assert.deepEqual(server.limitsHit, ['send_buffer']);
      await until(() => seen.closes === 1, 'it closed itself');
    });

    // Over TLS such a burst closes the channel: Node tells only later what a TLS socket has written.
    if (kind === 'tcp' || kind === 'ws' || kind === 'uws')
      it('takes a burst larger than its bound from one turn', async () => {
        const { client, channel } = await open(kind, { sendBufferBytesMax: 100_000 });
        const part = bytes('b'.repeat(1_000));
        for (let i = 0; i < 150; i++) assert.ok(channel.send(part));
        await until(() => client.text.length === 150_000, 'the burst');
      });

    it('refuses connections above the bounds', async () => {
      const { client, server } = await open(kind, {
        connectionsMax: 2,
        connectionsPerAddressMax: 1,
        limitLoopback: true,
      });
      await assert.rejects(refused(kind, server));
      assert.deepEqual(server.limitsHit, ['connections_per_address']);
      client.destroy();
      await until(() => server.limits.open === 0, 'the place is free again');
      clients.push(await connectClient(kind, server.listener.port));
    });

    it('spares loopback from the bound by address, not from the other', async () => {
      const { server } = await open(kind, { connectionsMax: 2, connectionsPerAddressMax: 1 });
      clients.push(await connectClient(kind, server.listener.port));
      await assert.rejects(refused(kind, server));
      assert.deepEqual(server.limitsHit, ['connections']);
    });

    it('stops listening, and keeps what is open', async () => {
      const { client, channel, server, seen } = await open(kind, { port: await freePort() });
      await server.listener.stop();
      servers.splice(0);
      await assert.rejects(refused(kind, server));
      channel.send(bytes('still here'));
      client.send('me too');
      await until(() => client.text === 'still here' && seen.text === 'me too', 'both');
      // The port is free for the next.
      await serve(kind, () => undefined, { port: server.listener.port });
      channel.destroy();
      await until(() => seen.closes === 1, 'the end');
    });

    it('says so when the port is taken', async () => {
      const { listener } = await serve(kind, () => undefined);
      await assert.rejects(serve(kind, () => undefined, { port: listener.port }));
    });
  });
}

/** A listener on port 0 of uWebSockets.js does not set SO_REUSEADDR: the port stays taken while it has connections. */
async function freePort(): Promise<number> {
  const { listener } = await serve('tcp', () => undefined);
  await listener.stop();
  return listener.port;
}

async function refused(kind: Kind, server: Server): Promise<void> {
  if (!isStream(kind) || kind === 'tls') {
    clients.push(await connectClient(kind, server.listener.port));
    return;
  }
  const socket = connect(server.listener.port, '127.0.0.1');
  socket.on('error', () => undefined);
  const [failed] = await Promise.race([
    once(socket, 'close').then(() => [true]),
    once(socket, 'data').then(() => [false]),
  ]);
  if (failed) throw new Error('refused');
}

describe('a peer that never reads', () => {
  it('does not hold a closed channel for ever', async () => {
    const kinds = KINDS.filter((kind) => kind !== 'uws' || !uwsMissing);
    const started = Date.now();
    await Promise.all(
      kinds.map(async (kind) => {
        const { client, channel, seen } = await open(kind);
        client.pause();
        for (let i = 0; i < 140; i++) channel.send(bytes('y'.repeat(50_000)));
        channel.close();
        await until(() => seen.closes === 1, kind, CLOSE_TIMEOUT_MS + 1_000);
        assert.ok(Date.now() - started >= CLOSE_TIMEOUT_MS - 100);
      }),
    );
  });
});

describe('STARTTLS', () => {
  /** A plain client that sends these bytes, and a channel that upgrades at the first it gets. */
  async function startTls(first: string | Buffer) {
    const seen = { before: '', after: '', closes: 0 };
    const server = await serve('tcp', (channel) => {
      channel.onClose = () => seen.closes++;
      channel.onData = (chunk) => {
        seen.before += Buffer.from(chunk).toString();
        channel.onData = (next) => {
          seen.after += Buffer.from(next).toString();
        };
        channel.send(bytes('<proceed/>'));
        channel.upgrade();
        channel.send(bytes('in TLS'));
      };
    });
    const socket = connect(server.listener.port, '127.0.0.1');
    socket.on('error', () => undefined);
    clients.push(streamClient(socket));
    socket.write(first);
    return { socket, seen };
  }

  it('sends what comes after it encrypted, and throws clear text behind it away', async () => {
    const { socket, seen } = await startTls('<starttls/><injected/>');
    await once(socket, 'data');
    const secured = connectTls({ socket, rejectUnauthorized: false });
    const client = streamClient(secured);
    client.send('secret');
    await until(() => client.text === 'in TLS' && seen.after === 'secret', 'both');
    assert.equal(seen.before, '<starttls/><injected/>');
  });

  it('never delivers clear text as if it had been encrypted', async () => {
    const { seen } = await startTls(`<starttls/>${'<injected/>'.repeat(100_000)}`);
    await until(() => seen.closes === 1, 'the end');
    assert.equal(seen.after, '');
  });

  for (const isPaused of [false, true])
    it(`loses no ClientHello that is there before the channel knows of its own <proceed/>${isPaused ? ', paused' : ''}`, async () => {
      const helloSent = new Int32Array(new SharedArrayBuffer(4));
      let received = '';
      const { listener } = await serve('starttls', (channel) => {
        channel.onData = (chunk) => {
          received += Buffer.from(chunk).toString();
        };
        channel.send(bytes('in TLS'));
        if (isPaused) channel.pause();
        Atomics.wait(helloSent, 0, 0, 10_000);
        if (isPaused) setImmediate(() => channel.resume());
      });
      const workerData: EagerClientData = { port: listener.port, helloSent };
      const client = new Worker(new URL('../testing/eager-client.js', import.meta.url), { workerData });
      try {
        const [text] = await once(client, 'message');
        assert.equal(text, 'in TLS');
        assert.equal(helloSent[0], 1);
        await until(() => received === 'secret', 'what the client has sent');
      } finally {
        await client.terminate();
      }
    });

  it('ends without a word when the handshake fails', async () => {
    const { socket, seen } = await startTls('<starttls/>');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    await until(() => received === '<proceed/>', 'proceed');
    socket.write('this is no ClientHello');
    await until(() => seen.closes === 1, 'the end');
    assert.ok(!received.includes('in TLS'));
  });

  it('ends when a record is broken', async () => {
    const { socket, seen } = await startTls('<starttls/>');
    await once(socket, 'data');
    const secured = connectTls({ socket, rejectUnauthorized: false });
    const client = streamClient(secured);
    await until(() => client.text === 'in TLS', 'the handshake');
    // Below TLS: an application data record that nobody has encrypted.
    socket.write(Buffer.concat([Buffer.of(0x17, 3, 3, 0, 32), Buffer.alloc(32)]));
    await until(() => seen.closes === 1, 'the end');
  });

  it('is not there without a certificate', async () => {
    const limits = new ConnectionLimits({ connectionsMax: 1, connectionsPerAddressMax: 1 });
    const options = { host: '127.0.0.1', port: 0, sendBufferBytesMax: SEND_BUFFER_BYTES_MAX, limits };
    const channels: ByteChannel[] = [];
    const listener = await openTcpListener(options, (channel) => channels.push(channel));
    servers.push({ listener, limits, limitsHit: [], channels });
    clients.push(await connectClient('tcp', listener.port));
    await until(() => channels.length === 1, 'the connection');
    assert.equal(channels[0]?.canUpgrade, false);
    channels[0]?.upgrade();
    assert.equal(channels[0]?.secure, false);
    await assert.rejects(openTcpListener({ ...options, direct: true }, () => undefined));
  });
});

describe('TLS', () => {
  async function handshake(options: object): Promise<string> {
    const { listener } = await serve('tls', (channel) => void channel.send(bytes('early')));
    const socket = connectTls({ host: '127.0.0.1', port: listener.port, rejectUnauthorized: false, ...options });
    const client = streamClient(socket);
    clients.push(client);
    await until(() => client.text === 'early' || client.closed !== undefined, 'an outcome');
    return client.text === 'early' ? (socket.getProtocol() ?? '') : 'refused';
  }
  it('is 1.2 or later', async () => {
    assert.equal(await handshake({}), 'TLSv1.3');
    assert.equal(await handshake({ maxVersion: 'TLSv1.2' }), 'TLSv1.2');
    assert.equal(
      await handshake({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
      'refused',
    );
  });
  it('needs no ALPN, but not another one', async () => {
    assert.equal(await handshake({ ALPNProtocols: ['h2', 'xmpp-client'] }), 'TLSv1.3');
    assert.equal(await handshake({ ALPNProtocols: ['http/1.1'] }), 'refused');
  });
});

for (const kind of ['ws', 'uws'] as const) {
  describe(`HTTP of ${kind}`, { skip: kind === 'uws' && uwsMissing }, () => {
    const page: HttpHandler = (method, path, headers) =>
      path === '/page'
        ? { status: 200, headers: { 'content-type': 'text/plain' }, body: `${method} ${headers.accept} é` }
        : NOT_FOUND;
    const url = (server: Server, path: string) => `http://127.0.0.1:${server.listener.port}${path}`;
    /** The answer to an upgrade that is refused. */
    const upgradeStatus = async (server: Server, path: string, protocols: string[]) => {
      const socket = new WebSocket(url(server, path).replace('http', 'ws'), protocols);
      socket.on('error', () => undefined);
      const [, response] = await once(socket, 'unexpected-response');
      return response.statusCode;
    };

    it('is answered by the handler', async () => {
      const server = await serve(kind, () => undefined, { http: page });
      const reply = await fetch(url(server, '/page?x=1'), { headers: { accept: 'text/x' } });
      assert.equal(reply.status, 200);
      assert.equal(reply.headers.get('content-type'), 'text/plain');
      assert.equal(await reply.text(), 'GET text/x é');
      assert.equal((await fetch(url(server, '/other'))).status, 404);
      const posted = await fetch(url(server, '/page'), { method: 'POST', body: 'b'.repeat(10_000) });
      assert.ok((await posted.text()).startsWith('POST '));
      const head = await fetch(url(server, '/page'), { method: 'HEAD' });
      assert.equal(head.headers.get('content-length'), '11');
      assert.equal(await upgradeStatus(server, '/other', ['xmpp']), 404);
    });
    it('is a body of any size, for each client at its own pace', async () => {
      const large = Buffer.alloc(8_000_000, 'large');
      const server = await serve(kind, () => undefined, { http: () => ({ status: 200, headers: {}, body: large }) });
      const slow = connect(server.listener.port, '127.0.0.1');
      await once(slow, 'connect');
      slow.pause().write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      const cut = connect(server.listener.port, '127.0.0.1');
      await once(cut, 'connect');
      cut.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      await once(cut, 'data');
      cut.resetAndDestroy();
      const quick = await (await fetch(url(server, '/'))).arrayBuffer();
      assert.ok(large.equals(Buffer.from(quick)));
      const pieces: Buffer[] = [];
      let length = 0;
      slow.on('data', (piece: Buffer) => {
        pieces.push(piece);
        length += piece.length;
      });
      slow.resume();
      await until(() => length > large.length, 'all of it');
      const received = Buffer.concat(pieces);
      assert.ok(large.equals(received.subarray(received.indexOf('\r\n\r\n') + 4)));
      slow.destroy();
    });
    it('is no body where there can be none', async () => {
      const http: HttpHandler = () => ({ status: 304, headers: { etag: '"a"' }, body: '' });
      const server = await serve(kind, () => undefined, { http });
      for (const method of ['GET', 'HEAD']) {
        const reply = await fetch(url(server, '/'), { method });
        assert.equal(reply.status, 304);
        assert.equal(reply.headers.get('etag'), '"a"');
        assert.equal(reply.headers.get('content-length'), null);
      }
    });
    it('survives a handler that throws', async () => {
      const server = await serve(kind, () => undefined, { http: () => assert.fail('a bug') });
      for (const method of ['GET', 'POST', 'HEAD', 'OPTIONS'])
        assert.equal((await fetch(url(server, '/page'), { method })).status, 500);
      assert.equal(await upgradeStatus(server, '/page', ['xmpp']), 500);
    });
    it('wants the sub-protocol on its path', async () => {
      const server = await serve(kind, () => assert.fail('no connection'));
      assert.equal((await fetch(url(server, WEBSOCKET_PATH))).status, 400);
      assert.equal(await upgradeStatus(server, WEBSOCKET_PATH, []), 400);
      assert.equal(await upgradeStatus(server, WEBSOCKET_PATH, ['mqtt', 'xmppx']), 400);
      const other = await serve(kind, () => undefined);
      const accepted = new WebSocket(url(other, WEBSOCKET_PATH).replace('http', 'ws'), ['mqtt', 'xmpp']);
      clients.push(webSocketClient(accepted));
      await once(accepted, 'open');
      assert.equal(accepted.protocol, 'xmpp');
    });
  });

  describe(`messages of ${kind}`, { skip: kind === 'uws' && uwsMissing }, () => {
    it('stay apart', async () => {
      const { client, channel, seen } = await open(kind);
      const got: string[] = [];
      (client.raw as WebSocket).on('message', (data) => got.push(String(data)));
      for (const text of ['<a/>', '<b/>', '<c/>']) {
        channel.send(bytes(text));
        client.send(text);
      }
      await until(() => got.length === 3 && seen.chunks === 3, 'three messages');
      assert.deepEqual(got, ['<a/>', '<b/>', '<c/>']);
    });
    it('are text', async () => {
      const { client, seen } = await open(kind);
      (client.raw as WebSocket).send(bytes('<a/>'), { binary: true });
      await until(() => client.closed !== undefined && seen.closes === 1, 'the end');
      assert.equal(client.closed, 1003);
      assert.equal(seen.text, '');
    });
    it('are bounded', async () => {
      const { client, seen } = await open(kind);
      client.send('f'.repeat(MESSAGE_BYTES_MAX));
      await until(() => seen.text.length === MESSAGE_BYTES_MAX, 'as much as is allowed');
      client.send('f'.repeat(MESSAGE_BYTES_MAX + 1));
      await until(() => client.closed !== undefined && seen.closes === 1, 'the end');
      // uWebSockets.js cuts the connection without a close frame.
      assert.equal(client.closed, kind === 'ws' ? 1009 : 1006);
    });
    it('with broken frames or UTF-8 end the connection or reach the scanner', async () => {
      const { client, seen } = await open(kind);
      (client.raw as WebSocket).send(Buffer.of(0x3c, 0xff), { binary: false });
      await until(() => seen.chunks === 1 || seen.closes === 1, 'an outcome');
      assert.equal(seen.chunks, kind === 'ws' ? 1 : 0);
    });
  });
}

for (const kind of ['ws', 'uws'] as const) {
  describe(`behind a proxy, ${kind}`, { skip: kind === 'uws' && uwsMissing }, () => {
    it('a client has the address that the proxy tells, and its limits', async () => {
      const options = { proxies: '127.0.0.0/8', connectionsPerAddressMax: 1 };
      const server = await serve(kind, () => undefined, options);
      const connectFrom = async (forwardedFor: string) => {
        const address = `ws://127.0.0.1:${server.listener.port}${WEBSOCKET_PATH}`;
        const client = webSocketClient(
          new WebSocket(address, ['xmpp'], { headers: { 'x-forwarded-for': forwardedFor } }),
        );
        clients.push(client);
        await until(
          () => client.closed !== undefined || (client.raw as WebSocket).readyState === WebSocket.OPEN,
          'an answer',
        );
        return client.closed;
      };
      assert.equal(await connectFrom('127.0.0.1, 203.0.113.9'), undefined);
      assert.deepEqual(
        server.channels.map(({ peerAddress, loopback }) => [peerAddress, loopback]),
        [['203.0.113.9', false]],
      );
      assert.equal(await connectFrom('203.0.113.9'), 1006);
      assert.equal(await connectFrom('203.0.113.10'), undefined);
    });
  });
}

describe('a WebSocket that is silent', () => {
  it('stays while it answers pings, and is closed when not', async () => {
    const { client, seen, server } = await open('ws', { idleTimeoutMs: 60 });
    let pings = 0;
    (client.raw as WebSocket).on('ping', () => pings++);
    await until(() => pings >= 3, 'pings');
    assert.equal(seen.closes, 0);
    const deaf = new WebSocket(`ws://127.0.0.1:${server.listener.port}${WEBSOCKET_PATH}`, ['xmpp'], {
      autoPong: false,
    });
    const deafClient = webSocketClient(deaf);
    clients.push(deafClient);
    await until(() => deafClient.closed !== undefined, 'the end of the deaf one');
    assert.equal(client.closed, undefined);
  });
});
