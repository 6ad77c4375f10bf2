import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArchiveIds, COPY, type Envelope, FATE, KIND } from '@starling/contracts';
import type { HookMap } from '@starling/feature-api';
import { hostOne } from '@starling/feature-api/testing/host-one';
import type { BareJid } from '@starling/jid';
import { Stanza } from '@starling/stanza';
import stanzaIds from './stanza-ids.ts';

const USER = '张三@localhost' as BareJid;
const ids = new ArchiveIds('of a test, and long enough');
const MESSAGE = Buffer.from('<message to="张三@localhost"><body>你好</body></message>');

type Event = HookMap['user:message'];
function pass(more: Partial<Event> & { fate?: Envelope['fate'] } = {}): string {
  const { fate = FATE.archived, ...rest } = more;
  const envelope = { kind: KIND.message, fate, copy: COPY.received, stanza: MESSAGE } as unknown as Envelope;
  const event: Event = {
    ...{ user: USER, envelope, position: { epoch: 2, sequence: 7 }, stream: 3, stanza: MESSAGE },
    ...rest,
  };
  assert.equal(hostOne(stanzaIds).hosted.hooks.runNow('user:message', event), 'next');
  return Buffer.from(event.stanza).toString();
}

test('an archived message has its id behind what was in it', () => {
  const id = ids.encode({ epoch: 2, sequence: 7 }, 3);
  const xml = pass();
  assert.ok(xml.startsWith(MESSAGE.toString().replace('</message>', '<stanza-id ')));
  const stanza = Stanza.decode(Buffer.from(xml));
  assert.deepEqual(stanza.child('urn:xmpp:sid:0', 'stanza-id')?.attrs, { by: USER, id });
});

test('no other has one', () => {
  const plain = MESSAGE.toString();
  assert.equal(pass({ fate: FATE.passing }), plain);
  assert.equal(pass({ fate: FATE.live, position: undefined }), plain);
  assert.equal(pass({ excluded: true }), plain, 'XEP-0441');
  assert.equal(pass({ position: { epoch: 0, sequence: 7 } }), plain, 'the epoch is not known yet');
});
