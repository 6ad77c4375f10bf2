import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { after, afterEach, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { silentLogger } from '@starling/runtime';
import { parseAddressRanges } from './address-ranges.ts';
import type { ByteChannel, Listener } from './byte-channel.ts';
import { ConnectionLimits, type LimitName } from './connection-limits.ts';
import { openTcpListener } from './tcp.ts';
import { openTlsIdentity } from './tls-context.ts';

/** PROXY, TCP over IPv4, from 203.0.113.9:49153 to 10.0.0.1:5222. */
const HEADER = Buffer.from('0d0a0d0a000d0a515549540a2111000ccb0071090a000001c0011466', 'hex');
const LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');
const NOT_WITHIN_MS = 8_000;

const folder = await mkdtemp(join(tmpdir(), 'starling-proxied-'));
after(() => rm(folder, { recursive: true }));
const tls = await openTlsIdentity({ cert: '', key: '', dataDir: folder, domain: 'example.com', log: silentLogger });

interface Options {
  readonly direct?: boolean;
  readonly from?: string;
  readonly headerTimeoutMs?: number;
  readonly connectionsMax?: number;
}

const opened: { listener: Listener; channels: ByteChannel[] }[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const { listener, channels } of opened.splice(0)) {
    await listener.stop();
    for (const channel of channels) channel.destroy();
  }
});

/** A server that writes down what comes, and who sends it. */
async function serve({
  direct = false,
  from = '127.0.0.1',
  headerTimeoutMs = 60_000,
  connectionsMax = 10,
}: Options = {}) {
  const hit: LimitName[] = [];
  const limits = new ConnectionLimits({
    connectionsMax,
    connectionsPerAddressMax: 1,
    onLimit: (limit) => hit.push(limit),
  });
  const seen: { address: string; text: string }[] = [];
  const channels: ByteChannel[] = [];
  const proxies = { proxies: parseAddressRanges(from, 'STARLING_X'), headerTimeoutMs };
  const options = { host: '127.0.0.1', port: 0, sendBufferBytesMax: 1_000_000, limits, tls, direct, proxies };
  const listener = await openTcpListener(options, (channel) => {
    const entry = { address: channel.peerAddress, text: '' };
    seen.push(entry);
    channels.push(channel);
    channel.onData = (chunk) => {
      entry.text += Buffer.from(chunk).toString();
    };
  });
  opened.push({ listener, channels });
  const dial = async (): Promise<Socket> => {
    const socket = connect(listener.port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  return { dial, seen, hit, limits, listener };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = Date.now() + NOT_WITHIN_MS;
  while (!condition()) {
    if (Date.now() > deadlineMs) assert.fail(`not within ${NOT_WITHIN_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** What is sent through it goes out behind the header, in one write with it. */
function behind(header: Buffer, socket: Socket): Duplex {
  let first = true;
  const duplex = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      socket.write(first ? Buffer.concat([header, chunk]) : chunk, () => done());
      first = false;
    },
  });
  socket.on('data', (chunk) => duplex.push(chunk));
  return duplex;
}

describe('connections that a load balancer hands on', () => {
  it('are those of the client that it names', async () => {
    const { dial, seen, limits, hit } = await serve();
    const socket = await dial();
    socket.write(Buffer.concat([HEADER, Buffer.from('<stream')]));
    await until(() => seen[0]?.text === '<stream', 'the stream behind the header');
    assert.equal(seen[0]?.address, '203.0.113.9');
    socket.write(':stream>');
    await until(() => seen[0]?.text === '<stream:stream>', 'the rest');
    // Its limits are those of the client, too.
    (await dial()).write(HEADER);
    await until(() => hit.length === 1, 'the limit of one address');
    assert.deepEqual([hit, limits.open], [['connections_per_address'], 1]);
  });

  it('may have their header in pieces', async () => {
    const { dial, seen } = await serve();
    const socket = await dial();
    socket.setNoDelay(true);
    for (const byte of HEADER) await new Promise((done) => socket.write(Buffer.of(byte), done));
    socket.write('<a/>');
    await until(() => seen[0]?.text === '<a/>', 'the stream');
    assert.equal(seen[0]?.address, '203.0.113.9');
  });

  it('may begin with TLS, in the same packet as the header', async () => {
    const { dial, seen } = await serve({ direct: true });
    const socket = connectTls({
      socket: behind(HEADER, await dial()),
      servername: 'example.com',
      rejectUnauthorized: false,
    });
    await once(socket, 'secureConnect');
    socket.write('<a/>');
    await until(() => seen[0]?.text === '<a/>', 'what was encrypted');
    assert.equal(seen[0]?.address, '203.0.113.9');
    socket.destroy();
  });

  it('may be its own', async () => {
    const { dial, seen } = await serve();
    (await dial()).write(Buffer.concat([LOCAL, Buffer.from('<a/>')]));
    await until(() => seen[0]?.text === '<a/>', 'the health check');
    assert.equal(seen[0]?.address, '127.0.0.1');
  });

  it('are cut off without a header, or with half of one, or with none in time', async () => {
    const { dial, seen, hit } = await serve();
    (await dial()).write('<stream:stream>');
    (await dial()).end(HEADER.subarray(0, 20));
    // One that comes and goes is a health check.
    const passing = await dial();
    passing.end();
    await once(passing, 'close');
    await until(() => hit.length === 2, 'both are refused');
    const impatient = await serve({ headerTimeoutMs: 20 });
    const silent = await impatient.dial();
    await Promise.all([once(silent, 'close'), until(() => impatient.hit.length === 1, 'the time is over')]);
    assert.deepEqual([hit, impatient.hit], [['proxy_header', 'proxy_header'], ['proxy_header']]);
    assert.deepEqual([seen, impatient.seen], [[], []]);
  });

  it('are bounded before it is known whose they are, and end with the listener', async () => {
    const { dial, hit, listener } = await serve({ connectionsMax: 1 });
    const [first, second] = [await dial(), await dial()];
    await Promise.all([once(second, 'close'), until(() => hit.length === 1, 'the bound')]);
    assert.deepEqual(hit, ['connections']);
    const ended = once(first, 'close');
    await listener.stop();
    await ended;
  });

  it('are believed of nobody else: a header from elsewhere is no header', async () => {
    const { dial, seen } = await serve({ from: '10.0.0.0/8' });
    (await dial()).write(HEADER);
    await until(() => seen[0]?.text !== '' && seen.length === 1, 'bytes like others');
    assert.equal(seen[0]?.address, '127.0.0.1');
  });
});
