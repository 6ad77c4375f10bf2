import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { startRoundRobin } from './round-robin.ts';

const open: (() => Promise<unknown>)[] = [];
after(async () => {
  await Promise.all(open.map((close) => close()));
});

/** A server that greets with its name and then echoes. */
async function greeter(name: string): Promise<{ port: number; server: Server; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.write(`${name}\n`);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, server, sockets };
}

async function balance(targets: () => readonly number[], connectionsMax = 100) {
  const balancer = await startRoundRobin({ host: '127.0.0.1', port: 0, targets, connectionsMax });
  open.push(() => balancer.stop());
  return balancer;
}

async function connect(port: number): Promise<Socket> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  socket.on('error', () => socket.destroy());
  open.push(async () => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the first line is complete; '' when the other side closes before. */
function firstLine(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk.toString();
      if (seen.includes('\n')) resolve(seen.trim());
    });
    socket.on('close', () => resolve(''));
  });
}

const greeting = async (port: number) => firstLine(await connect(port));

test('each connection goes to the next edge', async () => {
  const edges = await Promise.all(['a', 'b', 'c'].map(greeter));
  const { port } = await balance(() => edges.map((e) => e.port));
  const seen: string[] = [];
  for (let n = 0; n < 6; n++) seen.push(await greeting(port));
  assert.deepEqual(seen, ['a', 'b', 'c', 'a', 'b', 'c']);
});

test('an edge that refuses is skipped, and none at all closes the client', async () => {
  const [a, b] = await Promise.all([greeter('a'), greeter('b')]);
  let ports = [a.port, b.port];
  const { port } = await balance(() => ports);
  a.server.close();
  assert.deepEqual([await greeting(port), await greeting(port)], ['b', 'b']);
  b.server.close();
  assert.equal(await greeting(port), '');
  ports = [];
  assert.equal(await greeting(port), '');
});

test('bytes pass in both directions, and the end of one direction leaves the other open', async () => {
  const edge = await greeter('a');
  const { port } = await balance(() => [edge.port]);
  const client = await connect(port);
  const chunks: Buffer[] = [];
  client.on('data', (chunk) => chunks.push(chunk));
  const payload = Buffer.alloc(3_000_000, 'x');
  client.end(payload);
  await once(client, 'close');
  const got = Buffer.concat(chunks);
  assert.equal(got.length, payload.length + 2);
  assert.ok(got.subarray(2).equals(payload));
});

test('the death of an edge cuts its clients', async () => {
  const edge = await greeter('a');
  const { port } = await balance(() => [edge.port]);
  const client = await connect(port);
  assert.equal(await firstLine(client), 'a');
  for (const socket of edge.sockets) socket.resetAndDestroy();
  await once(client, 'close');
});

test('more connections than allowed are closed at once', async () => {
  const edge = await greeter('a');
  const balancer = await balance(() => [edge.port], 1);
  const client = await connect(balancer.port);
  assert.equal(await firstLine(client), 'a');
  assert.equal(await greeting(balancer.port), '');
  assert.equal(balancer.connections, 1);
});
