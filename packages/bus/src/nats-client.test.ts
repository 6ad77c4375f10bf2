import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startNatsServer } from '@starling/local-servers/nats-server';
import { connect, headers, type Msg } from 'nats';
import { isConnected, LeanSubscription, rawOf, sendCommands, stall, unsentBytes } from './nats-client.ts';
import { asciiOf, headerOf, type RawMessage } from './nats-wire.ts';
import { Outbox } from './outbox.ts';

it('what we reach inside the client is where we reach for it', async (t) => {
  const server = await startNatsServer({ jetstream: false });
  const connection = await connect({ servers: server.url });
  t.after(async () => {
    await connection.close();
    await server.remove();
  });
  assert.equal(isConnected(connection), true);
  assert.equal(unsentBytes(connection), 0);
  const got: Msg[] = [];
  connection.subscribe('a.>', { callback: (_, message) => void got.push(message) });
  await connection.flush();
  const header = headers();
  header.set('Nats-Msg-Id', 'id-1');
  connection.publish('a.1', 'hark', { headers: header, reply: 'b.2' });
  sendCommands(connection, Buffer.from('PUB a.3 4\r\nlark\r\n'));
  await connection.flush();
  const [first, second] = got.map(rawOf);
  assert.ok(first && second);
  assert.equal(asciiOf(first.subject), 'a.1');
  assert.equal(asciiOf(first.reply), 'b.2');
  assert.equal(headerOf(asciiOf(first.bytes.subarray(0, first.headers)), 'Nats-Msg-Id'), 'id-1');
  assert.equal(asciiOf(first.bytes.subarray(first.headers)), 'hark');
  assert.deepEqual([second.headers, asciiOf(second.bytes), asciiOf(second.reply)], [-1, 'lark', '']);

  const resume = stall(connection);
  sendCommands(connection, Buffer.from('PUB a.4 0\r\n\r\n'));
  await sleep(50);
  assert.equal(got.length, 2);
  resume();
  await connection.flush();
  assert.equal(got.length, 3);

  await server.kill();
  while (isConnected(connection)) await sleep(5);
});

it('a lean subscription gets what the client reads, again after a reconnection, and what is on its way when it is drained', async (t) => {
  const server = await startNatsServer({ jetstream: false });
  const connection = await connect({ servers: server.url, reconnectTimeWait: 50 });
  t.after(async () => {
    await connection.close();
    await server.remove();
  });
  const got: string[] = [];
  class Listed extends LeanSubscription {
    protected onMessage(message: RawMessage): void {
      got.push(`${this.sid} ${asciiOf(message.subject)} ${asciiOf(message.bytes)}`);
    }
    protected onRefused(error: Error): void {
      got.push(error.name);
    }
  }
  const outbox = new Outbox(connection, 1024 * 1024);
  const wire = { connection, outbox };
  const one = new Listed(wire, 'a.*', undefined);
  const queued = [1, 2].map(() => new Listed(wire, 'q', 'workers'));
  outbox.flush();
  connection.publish('a.1', 'x');
  connection.publish('q', 'y');
  await connection.flush();
  assert.equal(got[0], `${one.sid} a.1 x`);
  assert.equal(got.filter((line) => line.endsWith('q y')).length, 1, 'one of a queue gets it');
  const reconnected = (async () => {
    for await (const { type } of connection.status()) if (type === 'reconnect') return;
  })();
  await connection.reconnect();
  await reconnected;
  connection.publish('a.2', 'again');
  await connection.flush();
  assert.equal(got.at(-1), `${one.sid} a.2 again`);
  for (const subscription of queued) subscription.unsubscribe();
  outbox.flush();
  connection.publish('q', 'nobody');
  connection.publish('a.3', 'last');
  await connection.drain();
  assert.equal(got.at(-1), `${one.sid} a.3 last`);
});

it('an outbox keeps order and bytes over slabs, turns and flushes, and drops what cannot be sent', async (t) => {
  const server = await startNatsServer({ jetstream: false });
  const connection = await connect({ servers: server.url, reconnectTimeWait: 50 });
  t.after(async () => {
    await connection.close();
    await server.remove();
  });
  const outbox = new Outbox(connection, 1024 * 1024);
  const got: string[] = [];
  connection.subscribe('a', {
    callback: (_, message) => void got.push(`${message.data.length} ${message.data[0]} ${message.headers?.get('X')}`),
  });
  await connection.flush();
  const sent: string[] = [];
  for (let i = 0; i < 300; i++) {
    const size = [0, 1, 700, 65_536, 300_000][i % 5] as number;
    const withHeader = i % 2 === 0;
    const data = new Uint8Array(size).fill(i % 251);
    if (withHeader) outbox.publishWithHeader('a', 'b', `X: ${i}`, data);
    else outbox.publish('a', '', data);
    data.fill(255); // it has been copied
    sent.push(`${size} ${size === 0 ? undefined : i % 251} ${withHeader ? i : undefined}`);
    if (i % 9 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (i % 17 === 0) await connection.flush();
  }
  outbox.flush();
  await connection.flush();
  assert.deepEqual(got, sent);
  assert.equal(outbox.dropped, 0);

  await server.kill();
  while (isConnected(connection)) await sleep(5);
  outbox.publish('a', '', new Uint8Array(1));
  assert.equal(outbox.dropped, 1);
  outbox.close();
});
