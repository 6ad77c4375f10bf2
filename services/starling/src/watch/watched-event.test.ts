import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  COPY,
  type Envelope,
  encodeEnvelope,
  encodeSessionTable,
  FATE,
  KIND,
  SESSION_STATE,
} from '@starling/contracts';
import type { BareJid, Jid } from '@starling/jid';
import { hashUser } from '@starling/runtime';
import fc from 'fast-check';
import { renderEvent } from './render-event.ts';
import { watchedEvent } from './watched-event.ts';

const alice = 'alice@example.com' as BareJid;
const bob = 'bob@example.com' as BareJid;
const message: Envelope = {
  ...{
    id: 'x',
    owner: alice,
    from: `${bob}/home` as Jid,
    to: `${alice}/phone` as Jid,
    kind: KIND.message,
    type: 'chat',
  },
  ...{ fate: FATE.archived, copy: COPY.received, hints: 0, origin: 'edge-1/s1', sentAtMs: 1_000, after: 0 },
  stanza: Buffer.from('<message><body>the secret</body></message>'),
};
const delivery = (envelope: Envelope, more = {}) => ({
  ...{ subject: '', data: encodeEnvelope(envelope), replyTo: '', commit: undefined },
  ...more,
});

test('a message shows its way, and nothing of what it says', () => {
  const commit = { stream: 3, sequence: 4711, previous: 0 };
  const event = watchedEvent(delivery(message, { commit }), 1_012);
  assert.deepEqual(event, {
    ...{ atMs: 1_012, kind: 'message', type: 'chat', fate: 'archived', copy: 'received', peer: hashUser(bob) },
    ...{ resource: 'phone', stanzaBytes: message.stanza.length, ageMs: 12, sessions: [] },
    hops: [
      { at: 'session', where: 'edge-1/s1' },
      { at: 'log', where: 'M3 #4711' },
      { at: 'feed', where: '' },
    ],
  });
  assert.equal(
    renderEvent(event),
    `1970-01-01T00:00:01.012Z message chat received    archived      42 B    12 ms  session edge-1/s1 → log M3 #4711 → feed peer ${hashUser(bob)} to /phone`,
  );
});

test('of an own copy the peer is who it went to', () => {
  const sent = { ...message, from: `${alice}/phone` as Jid, to: bob as Jid, copy: COPY.sent };
  const { peer, copy, resource } = watchedEvent(delivery(sent), 0);
  assert.deepEqual({ peer, copy, resource }, { peer: hashUser(bob), copy: 'sent', resource: '' });
});

test('a table of sessions shows where they are; a question for it is told apart', () => {
  const row = { resource: 'r', session: 's', priority: 0, boundAt: 0, carbons: false, epoch: 0 };
  const rows = [
    { ...row, edge: 'edge-1', state: SESSION_STATE.available },
    { ...row, edge: 'edge-1', state: SESSION_STATE.available },
    { ...row, edge: 'edge-2', state: SESSION_STATE.detached },
  ];
  const stanza = encodeSessionTable({ user: alice, epoch: 1, version: 1, rows });
  const table: Envelope = { ...message, from: alice, to: alice, kind: KIND.sessionTable, sentAtMs: 0, stanza };
  assert.deepEqual(watchedEvent(delivery(table), 0).sessions, [
    { edge: 'edge-1', state: 'available', count: 2 },
    { edge: 'edge-2', state: 'detached', count: 1 },
  ]);
  assert.equal(watchedEvent(delivery(table, { replyTo: '_INBOX.x' }), 0).kind, 'sessionQuestion');
});

test('property: whatever comes, it is shown or said to be unreadable, and no body is in it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (data) => {
      assert.equal(
        typeof renderEvent(watchedEvent({ subject: '', data, replyTo: '', commit: undefined }, 0)),
        'string',
      );
    }),
  );
  const shown = JSON.stringify(watchedEvent(delivery(message), 0));
  for (const hidden of ['secret', 'bob', 'alice']) assert.ok(!shown.includes(hidden), hidden);
});
