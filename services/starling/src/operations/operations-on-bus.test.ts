import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryBus } from '@starling/bus';
import {
  COPY,
  decodeSessionTable,
  type Envelope,
  encodeEnvelope,
  encodeSessionTable,
  FATE,
  KIND,
  subjects,
  wasDelivered,
} from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { WatchedEvent } from '../watch/watched-event.ts';
import { operationsOnBus } from './operations-on-bus.ts';

const alice = 'alice@example.com' as BareJid;
const TIMEOUT_MS = 5_000;
const envelope = (kind: Envelope['kind']): Uint8Array =>
  encodeEnvelope({
    ...{ id: '', owner: alice, from: alice, to: alice, kind, type: '', fate: FATE.live, copy: COPY.received, hints: 0 },
    ...{ origin: '', sentAtMs: 0, after: 0, stanza: new Uint8Array(0) },
  });

test('a watcher hears what comes for a user until it is told to stop', async () => {
  const bus = new MemoryBus();
  const stopping = new AbortController();
  const seen: WatchedEvent[] = [];
  const watching = operationsOnBus(bus, 'example.com', 1).watch(alice, (event) => seen.push(event), stopping.signal);
  bus.publish(subjects.user(alice), envelope(KIND.message));
  bus.publish(subjects.user(alice), Buffer.from([255]));
  await bus.flush();
  stopping.abort();
  await watching;
  bus.publish(subjects.user(alice), envelope(KIND.message));
  await bus.flush();
  assert.deepEqual(
    seen.map(({ kind }) => kind),
    ['message', 'unreadable'],
  );
  await bus.close();
});

test('whoever asks while only a watcher listens hears that nobody is there; who is there comes first', async () => {
  const bus = new MemoryBus();
  const stopping = new AbortController();
  const watching = operationsOnBus(bus, 'example.com', 1).watch(alice, () => undefined, stopping.signal);
  await bus.flush();
  const ask = (kind: Envelope['kind']) => bus.request(subjects.user(alice), envelope(kind), TIMEOUT_MS);
  const [table, iq] = await Promise.all([ask(KIND.sessionTable), ask(KIND.iq)]);
  assert.equal(decodeSessionTable(table).rows.length, 0);
  assert.ok(!wasDelivered(iq));
  const row = {
    resource: 'r',
    session: 's',
    state: 1,
    priority: 0,
    boundAt: 1,
    edge: 'e',
    carbons: false,
    epoch: 0,
  } as const;
  bus.subscribe(subjects.user(alice), ({ replyTo }) => {
    bus.publish(replyTo, encodeSessionTable({ user: alice, epoch: 1, version: 1, rows: [row] }));
  });
  await bus.flush();
  assert.equal(decodeSessionTable(await ask(KIND.sessionTable)).rows.length, 1);
  stopping.abort();
  await watching;
  await bus.close();
});
