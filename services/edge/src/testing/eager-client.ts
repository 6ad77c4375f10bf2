import { once } from 'node:events';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';

// A thread with a client that answers <proceed/> with its ClientHello at once, whatever the thread of the server does meanwhile.

export interface EagerClientData {
  readonly port: number;
  /** Becomes 1 when the kernel has the ClientHello. */
  readonly helloSent: Int32Array;
}

const { port, helloSent } = workerData as EagerClientData;
const socket = connect(port, '127.0.0.1');
socket.write('<starttls/>');
await once(socket, 'data');

// TLS by way of a stream, as it does not tell when it has written to a socket itself.
const below = new Duplex({
  read: () => undefined,
  write: (chunk, _encoding, done) => {
    socket.write(chunk, (error) => {
      Atomics.store(helloSent, 0, 1);
      Atomics.notify(helloSent, 0);
      done(error);
    });
  },
});
socket.on('data', (chunk) => below.push(chunk)).on('close', () => below.destroy());
const secured = connectTls({ socket: below, rejectUnauthorized: false });
secured.write('secret');
secured.on('data', (chunk) => parentPort?.postMessage(String(chunk)));
secured.on('close', () => parentPort?.postMessage('closed'));
secured.on('error', () => undefined); // Policy: 'close' follows, and is told.
