import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ArchiveIds,
  archive,
  COPY,
  encodeEnvelope,
  FATE,
  KIND,
  type PageReply,
  type PageRequest,
} from '@starling/contracts';
import { archiveReadUpTo } from '@starling/feature-api';
import { hostOne, testSession } from '@starling/feature-api/testing/host-one';
import type { BareJid } from '@starling/jid';
import { parseJid } from '@starling/jid';
import type { Stanza } from '@starling/stanza';
import { parseElement as parse, serialize } from '@starling/xml';
import mam from './mam.ts';

const ROMEO = 'romeo@localhost' as BareJid;
const ids = new ArchiveIds('of a test, and long enough');
const QUERY = parse("<query xmlns='urn:xmpp:mam:2' queryid='f27'/>");

function entry(sequence: number, body: string) {
  const stanza = Buffer.from(
    `<message to="romeo@localhost" from="juliet@localhost/balcony"><body>${body}</body></message>`,
  );
  const envelope = encodeEnvelope({
    ...{ id: '', owner: ROMEO, from: parseJid('juliet@localhost/balcony'), to: ROMEO, kind: KIND.message, type: '' },
    ...{ fate: FATE.archived, copy: COPY.received, hints: 0, origin: '', sentAtMs: 0, after: 0, stanza },
  });
  return { position: { epoch: 1, sequence }, committedAtMs: Date.UTC(2010, 6, 10, 23, 8, 25), envelope };
}

function host(answer: (request: PageRequest) => PageReply) {
  return hostOne(mam, { answers: { [archive.page(0).subject]: answer as (request: never) => unknown } });
}

describe('mam', () => {
  it('sends the results, each as it was, before it answers', async () => {
    const feature = host(() => ({ entries: [entry(7, 'hark'), entry(9, '你好')], complete: true, stable: true }));
    const end = { epoch: 1, sequence: 9 };
    const session = testSession(undefined, end);
    assert.equal(archiveReadUpTo.get(session), undefined);
    const fin = await feature.iq('set', '', QUERY, session);
    assert.equal(typeof fin === 'object' && fin.name, 'fin');
    assert.equal(archiveReadUpTo.get(session), end);
    assert.deepEqual(feature.read, [{ after: undefined, upTo: { epoch: 1, sequence: 9 } }]);
    const [first, second] = session.sent as Stanza[];
    assert.ok(first && second);
    assert.deepEqual([first.from, first.to], [ROMEO, session.jid]);
    const id = ids.encode({ epoch: 1, sequence: 7 }, 0);
    assert.equal(
      serialize(first.firstChild() ?? QUERY).replaceAll('"', "'"),
      `<result xmlns='urn:xmpp:mam:2' queryid='f27' id='${id}'><forwarded xmlns='urn:xmpp:forward:0'>` +
        `<delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25.000Z'/><message xmlns='jabber:client' to='romeo@localhost' ` +
        `from='juliet@localhost/balcony'><body>hark</body></message></forwarded></result>`,
    );
    const flipped = testSession();
    await feature.iq('set', '', parse("<query xmlns='urn:xmpp:mam:2'><flip-page/></query>"), flipped);
    const [last] = flipped.sent as Stanza[];
    assert.deepEqual(last?.firstChild()?.attrs, { id: ids.encode({ epoch: 1, sequence: 9 }, 0) });
  });

  it('tells where the archive begins and ends', async () => {
    const all = [entry(1, 'a'), entry(5, 'b')];
    const feature = host(({ backwards }) => ({
      entries: all.slice(backwards ? 1 : 0).slice(0, 1),
      complete: false,
      stable: true,
    }));
    const metadata = await feature.iq('get', ROMEO, parse("<metadata xmlns='urn:xmpp:mam:2'/>"));
    const ends = typeof metadata === 'object' ? metadata.children : [];
    assert.deepEqual(
      ends.map((end) => (typeof end === 'object' ? [end.name, end.attrs] : end)),
      [
        ['start', { id: ids.encode({ epoch: 1, sequence: 1 }, 0), timestamp: '2010-07-10T23:08:25.000Z' }],
        ['end', { id: ids.encode({ epoch: 1, sequence: 5 }, 0), timestamp: '2010-07-10T23:08:25.000Z' }],
      ],
    );
  });

  it('"Data privacy": is for the owner, whoever else there is', async () => {
    const feature = host(() => assert.fail('nobody is asked'));
    for (const [type, payload] of [
      ['get', QUERY],
      ['set', QUERY],
      ['get', parse("<metadata xmlns='urn:xmpp:mam:2'/>")],
    ] as const)
      assert.equal(await feature.iq(type, 'juliet@localhost', payload), 'forbidden');
    assert.equal(await feature.iq('set', 'localhost', QUERY), 'service-unavailable');
  });
});
