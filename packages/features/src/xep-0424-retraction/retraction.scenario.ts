import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, childOf, scenario } from '@starling/testkit';
import type { Element } from '@starling/xml';

const NS = {
  retraction: 'urn:xmpp:message-retract:1',
  mam: 'urn:xmpp:mam:2',
  forward: 'urn:xmpp:forward:0',
  disco: 'http://jabber.org/protocol/disco#info',
} as const;

const WRITTEN_MS = 5_000;

/** What a query of the account's archive gives (XEP-0313 §4): the forwarded messages, in order. */
async function archiveOf(client: Client): Promise<readonly Element[]> {
  await client.iq('set', '', `<query xmlns='${NS.mam}'/>`);
  const messages: Element[] = [];
  while (client.has(`<message><result xmlns='${NS.mam}'/></message>`)) {
    const result = childOf(await client.receive(`<message><result xmlns='${NS.mam}'/></message>`), 'result', NS.mam);
    const forwarded = childOf(childOf(result, 'forwarded', NS.forward), 'message');
    if (forwarded) messages.push(forwarded);
  }
  return messages;
}

const shown = (message: Element): string => {
  const retracted = childOf(message, 'retracted', NS.retraction);
  const names = message.children
    .map((c) => (typeof c === 'string' ? c : c.name))
    .filter((name) => name !== 'stanza-id');
  return `${message.attrs.id} ${names} ${retracted?.attrs.id ?? ''}`.trim();
};

/** A reader sees the message until its retraction is written, which takes the archive a moment. */
async function untilShown(client: Client, first: string): Promise<readonly Element[]> {
  const deadline = Date.now() + WRITTEN_MS;
  for (;;) {
    const messages = await archiveOf(client);
    if (messages.map(shown)[0] === first || Date.now() > deadline) return messages;
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
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    const [home, phone] = await romeo.devices('home', 'phone');
    const [balcony, garden] = await juliet.devices('balcony', 'garden');
    await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>secret</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>`;
    await home.sends`<message to='${juliet.jid}' type='chat' id='m2'><body>kept</body></message>`;
    await home.ping();
    for (const device of [balcony, garden])
      for (const id of ['m1', 'm2']) await device.receive(`<message id='${id}'/>`);
    // From another device, and without anything that would have it stored.
    await phone.sends`<message to='${juliet.jid}' type='chat' id='r1'><retract xmlns='urn:xmpp:message-retract:1' id='m1'/></message>`;
    for (const device of [balcony, garden])
      await device.receives`<message id='r1' from='${phone.jid}'><retract xmlns='urn:xmpp:message-retract:1' id='m1'/></message>`;
    // What the recipient wants to take back of it is not hers.
    await balcony.sends`<message to='${romeo.jid}' type='chat' id='r2'><retract xmlns='urn:xmpp:message-retract:1' id='m2'/></message>`;
    for (const device of [home, phone]) await device.receives`<message id='r2'/>`;

    for (const device of [home, garden]) {
      const messages = await untilShown(device, 'm1 retracted r1');
      assert.deepEqual(messages.map(shown), ['m1 retracted r1', 'm2 body', 'r1 retract', 'r2 retract']);
      const [tombstone] = messages;
      const { from, to, type } = tombstone?.attrs ?? {};
      assert.deepEqual([from, to, type], [home.jid, juliet.jid, 'chat']);
      assert.equal(JSON.stringify(tombstone).includes('secret'), false);
    }
  },
);
