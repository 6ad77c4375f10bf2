import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { NatsProxy, nameIn } from './nats-proxy.ts';

const nextText = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0]);

test('whoever is cut off neither sends nor hears, and goes on where he was', async (t) => {
  const echo = createServer((socket) => socket.on('error', () => socket.destroy()).pipe(socket));
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const proxy = await NatsProxy.start((echo.address() as AddressInfo).port);
  t.after(async () => {
    await proxy.stop();
    echo.close();
  });
  const open = async (name: string) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(proxy.url).port) });
    const hello = `CONNECT {"name":"${name}"}`;
    socket.write(hello);
    assert.equal(await nextText(socket), hello);
    return socket;
  };
  const [edge, beats, other] = [await open('edge-1'), await open('edge-1-beats'), await open('edge-10')];
  proxy.cut('edge-1');
  const heard: string[] = [];
  for (const socket of [edge, beats]) socket.on('data', (bytes: Buffer) => heard.push(String(bytes)));
  edge.write('lost?');
  beats.write('lost?');
  other.write('passes');
  assert.equal(await nextText(other), 'passes');
  assert.deepEqual(heard, []);
  proxy.heal();
  while (heard.length < 2) await once(beats, 'data');
  assert.deepEqual(heard, ['lost?', 'lost?']);
});

test('the name of a client', () => {
  assert.equal(nameIn('CONNECT {"verbose":false,"name":"edge-2","lang":"x"}\r\nPING\r\n'), 'edge-2');
  assert.equal(nameIn('PING\r\n'), '');
});
