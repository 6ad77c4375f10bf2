import assert from 'node:assert/strict';
import { type Client, childOf, RefusedError, scenario, textOf } from '@starling/testkit';

const SM = 'urn:xmpp:sm:3';
const everywhere = { edges: [1, 3] } as const;

/** The bodies of the next messages. */
const bodies = async (client: Client, count: number) =>
  (await client.messages(count)).map((message) => textOf(childOf(message, 'body') ?? message));

scenario(
  'XEP-0198 §3 it is offered once a resource may be bound, and enabled once',
  everywhere,
  async ({ romeo, connect }) => {
    await romeo.register();
    const client = await connect();
    const before = await client.negotiate();
    assert.equal(childOf(before, 'sm', SM), undefined);
    await client.authenticate(romeo.username, romeo.password);
    const features = await client.openStream();
    assert.ok(childOf(features, 'sm', SM));
    client.send(`<enable xmlns='${SM}' resume='true'/>`);
    await client.receives`<failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`;
    await client.bind('home');
    const enabled = await client.manage();
    assert.deepEqual([enabled.attrs.resume, Number(enabled.attrs.max) > 0], ['true', true]);
    assert.notEqual(client.sessionId, '');
    client.send(`<enable xmlns='${SM}'/>`);
    await client.receives`<failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`;
    await client.ended();
  },
);

scenario('XEP-0198 §4 acks both ways count stanzas and nothing else', everywhere, async ({ romeo, juliet }) => {
  const [home] = await romeo.devices('home');
  const [balcony] = await juliet.devices('balcony');
  await home.manage();
  assert.equal(await home.acknowledged(0), 0);
  for (let i = 0; i < 3; i++)
    await home.sends`<message to='${balcony.jid}' type='chat'><body>${String(i)}</body></message>`;
  await home.ping();
  assert.equal(await home.acknowledged(4), 4);
  assert.deepEqual(await bodies(balcony, 3), ['0', '1', '2']);
  await balcony.sends`<message to='${home.jid}' type='chat'><body>hi</body></message>`;
  await home.receives`<message><body>hi</body></message>`;
  await home.receives`<r xmlns='urn:xmpp:sm:3'/>`;
  home.acknowledge();
  home.send(`<a xmlns='${SM}' h='${home.handled + 1}'/>`);
  const error =
    await home.receives`<error xmlns='http://etherx.jabber.org/streams'><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>`;
  const tooHigh = childOf(error, 'handled-count-too-high', SM);
  assert.deepEqual([tooHigh?.attrs.h, tooHigh?.attrs['send-count']], [String(home.handled + 1), String(home.handled)]);
  await home.ended();
});

scenario('XEP-0198 without resumption: a lost connection is the end', everywhere, async ({ romeo, juliet }) => {
  const [home] = await romeo.devices('home');
  const enabled = await home.manage({ resume: false });
  assert.deepEqual([enabled.attrs.resume, enabled.attrs.id], [undefined, undefined]);
  const [balcony] = await juliet.devices('balcony');
  await home.sends`<presence to='${balcony.jid}'/>`;
  await balcony.receives`<presence from='${home.jid}'/>`;
  await home.destroy();
  await balcony.receives`<presence from='${home.jid}' type='unavailable'/>`;
});

scenario(
  'XEP-0198 §5 a session goes on, on whichever edge, and nothing is lost, doubled or out of order',
  everywhere,
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    const [balcony] = await juliet.devices('balcony');
    await home.manage();
    await balcony.sends`<presence to='${home.jid}'/>`;
    await home.receives`<presence from='${balcony.jid}'/>`;
    await home.sends`<presence to='${balcony.jid}'/>`;
    await balcony.receives`<presence from='${home.jid}'/>`;
    const say = (text: string) => balcony.sends`<message to='${romeo.jid}' type='chat'><body>${text}</body></message>`;
    await say('one');
    assert.deepEqual(await bodies(home, 1), ['one']);
    home.acknowledge();
    await say('two');
    assert.deepEqual(await bodies(home, 1), ['two']);
    const { handled } = home;
    await say('three');
    assert.deepEqual(await bodies(home, 1), ['three']);
    await home.destroy();
    await say('four');
    await balcony.sends`<message to='${home.jid}' type='chat'><body>five</body></message>`;
    await balcony.sends`<iq type='get' id='q1' to='${home.jid}'><query xmlns='jabber:iq:version'/></iq>`;
    await balcony.ping();
    // It has got 'two' and says so; 'three' got lost on its way.
    const again = await romeo.resume(home, { h: handled });
    assert.deepEqual(await bodies(again, 3), ['three', 'four', 'five']);
    await say('six');
    assert.deepEqual(await bodies(again, 1), ['six']);
    await again.receives`<iq type='get' id='q1' from='${balcony.jid}'/>`;
    await again.sends`<iq type='result' id='q1' to='${balcony.jid}'/>`;
    await balcony.receives`<iq type='result' id='q1' from='${home.jid}'/>`;
    assert.ok(!balcony.has(`<presence type='unavailable'/>`), 'nobody hears that it was away');
    await again.sends`<message to='${juliet.jid}' type='chat'><body>back</body></message>`;
    await balcony.receives`<message from='${home.jid}'><body>back</body></message>`;
    await again.receivesNothing();
  },
);

scenario(
  'XEP-0198 §5 the old stream is closed with conflict while it lives, and its session goes on with the new one',
  everywhere,
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    const [balcony] = await juliet.devices('balcony');
    await home.manage();
    await home.sends`<message to='${juliet.jid}' type='chat'><body>one</body></message>`;
    assert.equal(await home.acknowledged(1), 1);
    const again = await romeo.authenticated();
    const resumed = await again.resume(home);
    assert.equal(resumed.attrs.h, '1');
    await home.receives`<error xmlns='http://etherx.jabber.org/streams'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>`;
    await home.ended();
    await balcony.receives`<message><body>one</body></message>`;
    await balcony.sends`<message to='${home.jid}' type='chat'><body>two</body></message>`;
    await again.receives`<message><body>two</body></message>`;
    await again.sends`<message to='${juliet.jid}' type='chat'><body>three</body></message>`;
    await balcony.receives`<message><body>three</body></message>`;
    assert.equal(await again.acknowledged(2), 2);
  },
);

scenario(
  'XEP-0198 §5 what cannot be resumed fails, and a resource can be bound',
  everywhere,
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    await home.manage();
    const attempt = async (person: typeof romeo, sessionId: string, h: number) => {
      const client = await person.authenticated();
      const error = await client.resume({ sessionId, handled: h, jid: '' }).catch((e: unknown) => e);
      assert.ok(error instanceof RefusedError);
      return { client, failed: error.element };
    };
    const { failed: unknown } = await attempt(romeo, 'nobody-knows', 0);
    assert.ok(childOf(unknown, 'item-not-found'));
    // Of U+4E0D and U+4E0A the low bytes are CR and LF; what is behind them would be lines to NATS.
    const lines = 'x不上PUB u.1.nobody 0不上不上';
    for (const strange of ['a b', '\r\nPUB u.1.nobody 0\r\n\r\n', lines, '*', '>', 'x'.repeat(5_000)]) {
      const { client, failed } = await attempt(romeo, strange, 0);
      assert.ok(childOf(failed, 'item-not-found'), strange);
      await client.close();
    }
    const { failed: foreign } = await attempt(juliet, home.sessionId, 0);
    assert.ok(childOf(foreign, 'item-not-found'), 'somebody else’s session');
    await home.ping();
    await home.sends`<presence type='unavailable'/>`;
    assert.equal(await home.acknowledged(2), 2);
    await home.close();
    let last = await attempt(romeo, home.sessionId, 0);
    for (let i = 0; i < 50 && last.failed.attrs.h === undefined; i++) last = await attempt(romeo, home.sessionId, 0);
    assert.ok(childOf(last.failed, 'item-not-found'));
    assert.equal(last.failed.attrs.h, '2', 'how much of it was handled');
    await last.client.bind('home');
    await last.client.ping();
    last.client.send(`<resume xmlns='${SM}' previd='${home.sessionId}' h='0'/>`);
    await last.client
      .receives`<failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`;
  },
);

scenario(
  'XEP-0198 §4 a client that does not come back: its presence ends once, requests are answered, what it had not got waits for the next',
  // On a cluster survival.scenario.ts plays it.
  { edges: [1], modes: ['embedded'], ownWorld: true, settings: { STARLING_RESUME_WINDOW: '1s' } },
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    const [balcony] = await juliet.devices('balcony');
    await home.manage();
    await home.sends`<presence to='${balcony.jid}'/>`;
    await balcony.receives`<presence from='${home.jid}'/>`;
    await balcony.sends`<presence to='${home.jid}'/>`;
    await home.receives`<presence from='${balcony.jid}'/>`;
    await balcony.sends`<message to='${romeo.jid}' type='chat'><body>one</body></message>`;
    await home.receives`<message><body>one</body></message>`;
    home.acknowledge();
    await home.ping();
    await home.destroy();
    await balcony.sends`<message to='${romeo.jid}' type='chat'><body>two</body></message>`;
    await balcony.sends`<iq type='get' id='q1' to='${home.jid}'><query xmlns='jabber:iq:version'/></iq>`;
    await balcony.receives`<iq type='error' id='q1'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
    await balcony.receives`<presence from='${home.jid}' type='unavailable'/>`;
    const next = await romeo.device('next');
    assert.deepEqual(await bodies(next, 1), ['two']);
    await next.receivesNothing();
    const late = await romeo.authenticated();
    const error = await late.resume(home).catch((e: unknown) => e);
    assert.ok(error instanceof RefusedError && childOf(error.element, 'item-not-found'));
  },
);

scenario(
  'RFC 6121 §8.5.3.2.1 what was for the resource of a session that never returns goes to the account’s others, or waits',
  { ...everywhere, transports: ['tcp'] },
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    const [phone] = await juliet.devices('phone');
    await phone.manage({ max: 2 });
    const say = (text: string) => home.sends`<message to='${phone.jid}' type='chat'><body>${text}</body></message>`;
    await say('seen');
    await phone.receives`<message><body>seen</body></message>`;
    phone.acknowledge();
    await phone.ping();
    await phone.destroy();
    await say('owed to the desk');
    await home.ping();
    const [desk] = await juliet.devices('desk');
    const message =
      await desk.receives`<message from='${home.jid}'><body>owed to the desk</body><delay xmlns='urn:xmpp:delay'/></message>`;
    const id = childOf(message, 'stanza-id', 'urn:xmpp:sid:0')?.attrs.id;
    await desk.sends`<iq type='set' id='m1'><query xmlns='urn:xmpp:mam:2' queryid='q'/></iq>`;
    const archived = await desk.messages(2);
    const ids = archived.map((result) => childOf(result, 'result', 'urn:xmpp:mam:2')?.attrs.id);
    assert.equal(ids[1], id, 'it is the same message, and is archived once');
    await desk.receives`<iq type='result' id='m1'/>`;
    await desk.manage({ max: 2 });
    await desk.sends`<presence to='${home.jid}'/>`;
    await home.receives`<presence from='${desk.jid}'/>`;
    await desk.destroy();
    await home.sends`<message to='${desk.jid}' type='chat'><body>owed to nobody</body></message>`;
    await home.receives`<presence from='${desk.jid}' type='unavailable'/>`;
    const [late] = await juliet.devices('late');
    await late.receives`<message from='${home.jid}'><body>owed to nobody</body></message>`;
    await late.receivesNothing();
  },
);
