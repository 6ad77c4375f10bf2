import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { childOf, type ReadEntry, readLog, scenario } from '@starling/testkit';

const NS = { retraction: 'urn:xmpp:message-retract:1', disco: 'http://jabber.org/protocol/disco#info' } as const;

const WRITTEN_MS = 5_000;

/** A reader sees the message until its retraction is written, which takes the archive a moment. */
async function readWritten(natsUrl: string, jid: string, shown: (entry: ReadEntry) => string, first: string) {
  const deadline = Date.now() + WRITTEN_MS;
  for (;;) {
    const entries = await readLog(natsUrl, jid);
    if (entries.map(shown)[0] === first || Date.now() > deadline) return entries;
    await pause(50);
  }
}

scenario('XEP-0424 §2, §4 server and accounts say what they do', { edges: [1] }, async ({ romeo, world }) => {
  const [home] = await romeo.devices('home');
  const ask = async (to: string) => {
    const info = await home.iq('get', to, `<query xmlns='${NS.disco}'/>`);
    const vars = (childOf(info, 'query', NS.disco)?.children ?? []).map((c) =>
      typeof c === 'string' ? '' : c.attrs.var,
    );
    return [vars.includes(NS.retraction), vars.includes(`${NS.retraction}#tombstone`)];
  };
  assert.deepEqual(
    [await ask(world.domain), await ask(romeo.jid)],
    [
      [true, false],
      [true, true],
    ],
  );
});

scenario(
  'XEP-0424 §3, §4 what is taken back is a tombstone in both archives; the retraction reaches everybody',
  { edges: [1, 3], modes: ['cluster'] },
  async ({ romeo, juliet, world }) => {
    const [home, phone] = await romeo.devices('home', 'phone');
    const [balcony, garden] = await juliet.devices('balcony', 'garden');
    await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>secret</body></message>`;
    await home.sends`<message to='${juliet.jid}' type='chat' id='m2'><body>kept</body></message>`;
    await phone.ping();
    for (const device of [balcony, garden]) await device.receives`<message id='m2'/>`;
    // From another device, and without anything that would have it stored.
    await phone.sends`<message to='${juliet.jid}' type='chat' id='r1'><retract xmlns='urn:xmpp:message-retract:1' id='m1'/></message>`;
    for (const device of [balcony, garden])
      await device.receives`<message id='r1' from='${phone.jid}'><retract xmlns='urn:xmpp:message-retract:1' id='m1'/></message>`;
    // What the recipient wants to take back of it is not hers.
    await balcony.sends`<message to='${romeo.jid}' type='chat' id='r2'><retract xmlns='urn:xmpp:message-retract:1' id='m2'/></message>`;
    for (const device of [home, phone]) await device.receives`<message id='r2'/>`;

    const shown = ({ stanza }: ReadEntry) => {
      const retracted = childOf(stanza, 'retracted', NS.retraction);
      return `${stanza.attrs.id} ${retracted ? `by ${retracted.attrs.id}` : stanza.children.length}`;
    };
    for (const { jid } of [romeo, juliet]) {
      const entries = await readWritten(world.natsUrl, jid, shown, 'm1 by r1');
      assert.deepEqual(entries.map(shown), ['m1 by r1', 'm2 1', 'r1 1', 'r2 1']);
      const [tombstone] = entries;
      assert.deepEqual(
        [tombstone?.stanza.attrs.from, tombstone?.stanza.attrs.to, tombstone?.stanza.attrs.type],
        [home.jid, juliet.jid, 'chat'],
      );
      assert.equal(JSON.stringify(tombstone).includes('secret'), false);
    }
  },
);
