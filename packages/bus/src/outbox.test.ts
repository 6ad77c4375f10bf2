import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NatsConnection } from 'nats';
import { Outbox } from './outbox.ts';

const BACKLOG_BYTES_MAX = 1024;
/** Nothing in a test takes as long. */
const LONG_MS = 60_000;
const SHORT_MS = 20;
/** Timers and the clock beside each other. */
const CLOCK_MS = 2;

function boxOf(lingerMs: number) {
  const writes: string[] = [];
  const protocol = {
    connected: true,
    sendCommand: (bytes: Uint8Array) => void writes.push(Buffer.from(bytes).toString('latin1')),
  };
  const outbox = new Outbox({ protocol } as unknown as NatsConnection, BACKLOG_BYTES_MAX, lingerMs);
  return { outbox, writes };
}

const BYTE = new Uint8Array([97]);
const line = (subject: string) => `PUB ${subject} 1\r\na\r\n`;

it('what is to be sent soon goes at once when nothing went lately, else with what is to be sent now, in its place', async () => {
  const { outbox, writes } = boxOf(LONG_MS);
  outbox.publish('first', '', BYTE, 'soon');
  await nextTurn();
  assert.deepEqual(writes, [line('first')]);
  outbox.publish('second', '', BYTE, 'soon');
  outbox.command('SUB x 1\r\n');
  await nextTurn();
  await nextTurn();
  assert.equal(writes.length, 1);
  outbox.publish('third', '', BYTE);
  outbox.publish('fourth', '', BYTE, 'soon');
  await nextTurn();
  assert.deepEqual(writes.slice(1), [`${line('second')}SUB x 1\r\n${line('third')}${line('fourth')}`]);
  outbox.publish('fifth', '', BYTE, 'soon');
  outbox.close();
  assert.deepEqual(writes.slice(2), [line('fifth')]);
});

it('it waits no longer than the linger', async () => {
  const { outbox, writes } = boxOf(SHORT_MS);
  outbox.publish('first', '', BYTE);
  await nextTurn();
  const writtenAtMs = performance.now();
  outbox.publish('second', '', BYTE, 'soon');
  while (writes.length < 2) await nextTurn();
  assert.ok(performance.now() - writtenAtMs >= SHORT_MS - CLOCK_MS);
  assert.deepEqual(writes, [line('first'), line('second')]);
});

it('without a linger each turn has its own write', async () => {
  const { outbox, writes } = boxOf(0);
  for (const subject of ['first', 'second']) {
    outbox.publish(subject, '', BYTE, 'soon');
    await nextTurn();
  }
  assert.deepEqual(writes, [line('first'), line('second')]);
});
