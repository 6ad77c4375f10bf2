import assert from 'node:assert/strict';
import { it } from 'node:test';
import { MemoryBus } from '@starling/bus';
import { SUBSCRIPTION, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { Announcer } from './announcer.ts';
import type { Announcement } from './side.ts';

const version = { lineage: 'l', number: 1 };

const announcement = (user: string, contact: string): Announcement => ({
  user,
  changes: [{ version, item: undefined, contact, type: 'subscribed', stanza: new Uint8Array(0) }],
  notice: { user, version, contact, subscription: SUBSCRIPTION.from, requested: false, blocks: false, deleted: false },
});

it('tells the sessions of both sides before any service, so that presence cannot come before subscribed', async () => {
  const bus = new MemoryBus();
  const told: string[] = [];
  const users = ['juliet@localhost', 'romeo@localhost'] as BareJid[];
  for (const subject of [...users.map((user) => subjects.user(user)), subjects.rosterChanges])
    bus.subscribe(subject, () => told.push(subject));
  const [juliet, romeo] = users as [BareJid, BareJid];
  new Announcer(bus).announce([announcement(juliet, romeo), announcement(romeo, juliet)]);
  await bus.flush();
  assert.deepEqual(told, [subjects.user(juliet), subjects.user(romeo), subjects.rosterChanges, subjects.rosterChanges]);
});
