// A session from its bind to its end, however it ends, and what it leaves behind.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { NoRespondersError, serve } from '@starling/bus';
import { archive, COPY, encodeEnvelope, FATE, KIND, queues, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { Client } from '@starling/testkit';
import { nextTurn } from './testing/fake-channel.ts';
import { DOMAIN, type OneEdge, PASSWORD, startOneEdge } from './testing/one-edge.ts';

type Transport = 'tcp' | 'ws';
const BOTH: readonly Transport[] = ['tcp', 'ws'];
const CONDITIONS = 'urn:ietf:params:xml:ns:xmpp-streams';
const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas';
const MESSAGES = 20;
const WAIT_MS = 10_000;

const bare = (name: string) => `${name}@${DOMAIN}` as BareJid;
const streamError = (condition: string) => `<stream:error><${condition} xmlns='${CONDITIONS}'/></stream:error>`;

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `not in time: ${what}`);
    await nextTurn();
  }
}

/** Nobody follows this user any more: no session, no subscription. */
async function nobodyListens(world: OneEdge, name: string): Promise<void> {
  await until(async () => {
    try {
      await world.bus.request(subjects.user(bare(name)), new Uint8Array(0), 1);
      return false;
    } catch (error) {
      return error instanceof NoRespondersError;
    }
  }, `${name} has no subscriber`);
}

/** Messages, and what comes behind them, in one write: most of them wait when the last bytes are read. */
function burst(client: Client, to: string, behind = ''): void {
  const messages = Array.from(
    { length: MESSAGES },
    (_, i) => `<message to='${to}' type='chat'><body>${i}</body></message>`,
  );
  client.send(messages.join('') + behind);
}

const BODIES = Array.from({ length: MESSAGES }, (_, i) => String(i));

async function bodies(client: Client): Promise<string[]> {
  const messages = await client.messages(MESSAGES);
  return messages.map((m) => m.children.map((c) => (typeof c === 'string' ? '' : c.children.join(''))).join(''));
}

describe('ends', () => {
  let world: OneEdge;
  let juliet: Client;
  before(async () => {
    world = await startOneEdge({ env: { STARLING_HANDSHAKE_TIMEOUT: '1s', STARLING_INBOUND_QUEUE_MAX: '64' } });
    juliet = await world.online('juliet', 'balcony');
  });
  after(() => world.stop());

  for (const transport of BOTH) {
    it(`RFC 6120 §4.4 the client ends its stream, and the server its own (${transport})`, async () => {
      const [phone, laptop] = [
        await world.online('romeo', 'phone', transport),
        await world.online('romeo', 'laptop', transport),
      ];
      assert.deepEqual(await phone.close(), { endTag: true, code: transport === 'tcp' ? 0 : 1000 });
      await laptop.receives`<presence type='unavailable' from='${phone.jid}'/>`;
      await laptop.close();
      await nobodyListens(world, 'romeo');
    });

    it(`RFC 6121 §4.5.1 the connection breaks: its other resources hear that it is unavailable (${transport})`, async () => {
      const [phone, laptop] = [
        await world.online('romeo', 'phone', transport),
        await world.online('romeo', 'laptop', transport),
      ];
      await phone.destroy();
      await laptop.receives`<presence type='unavailable' from='${phone.jid}'/>`;
      await laptop.destroy();
      await nobodyListens(world, 'romeo');
    });

    it(`a stream that does not get to its bind is connection-timeout (${transport})`, async () => {
      const client = await Client.connect(world.endpoint(transport), DOMAIN);
      await client.openStream();
      await client.receive(streamError('connection-timeout'));
      assert.equal((await client.ended()).endTag, true);
    });

    it(`not even a header within that time (${transport})`, async () => {
      const client = await Client.connect(world.endpoint(transport), DOMAIN);
      await client.receive(streamError('connection-timeout'));
      assert.equal((await client.ended()).endTag, true);
    });
  }

  it('a bound session has no such timer', async () => {
    const client = await world.device('romeo', 'patient');
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await client.ping();
    await client.close();
  });

  it('RFC 6120 §10.1 what was sent before the end tag is handled', async () => {
    const romeo = await world.device('romeo', 'hasty');
    burst(romeo, juliet.jid, '</stream:stream>');
    assert.equal((await romeo.ended()).endTag, true);
    assert.deepEqual(await bodies(juliet), BODIES);
    await nobodyListens(world, 'romeo');
  });

  it('… and its errors come before ours', async () => {
    const romeo = await world.device('romeo', 'hasty');
    burst(romeo, juliet.jid, "<message id='x' to='a@verona.invalid'><body>x</body></message></stream:stream>");
    await romeo.ended();
    assert.ok(
      romeo.has(`<message type='error' id='x'><error><remote-server-not-found xmlns='${STANZAS}'/></error></message>`),
    );
    assert.deepEqual(await bodies(juliet), BODIES);
  });

  it('messages before a stream error are delivered, those behind it are not', async () => {
    const romeo = await world.device('romeo', 'clumsy');
    const forged = `<message from='${juliet.jid}' to='${juliet.jid}'><body>forged</body></message>`;
    burst(romeo, juliet.jid, `${forged}<message to='${juliet.jid}'><body>behind</body></message>`);
    await romeo.receive(streamError('invalid-from'));
    assert.deepEqual(await bodies(juliet), BODIES);
    await juliet.receivesNothing();
  });

  it('the account is removed: its sessions end', async () => {
    const [phone, laptop] = [await world.online('tybalt', 'phone'), await world.device('tybalt', 'laptop', 'ws')];
    const user = bare('tybalt');
    const entry = encodeEnvelope({
      ...{ id: 'gone', owner: user, from: user, to: user, kind: KIND.accountDeleted, type: '', fate: FATE.archived },
      ...{ copy: COPY.received, hints: 0, origin: '', sentAtMs: 0, after: 0, stanza: new Uint8Array(0) },
    });
    await world.log.append(user, 'gone', entry);
    for (const client of [phone, laptop]) {
      await client.receive(streamError('not-authorized'));
      assert.equal((await client.ended()).endTag, true);
    }
    await nobodyListens(world, 'tybalt');
  });

  it('nothing is left of all this', async () => {
    await until(async () => (await world.metric('starling_edge_sessions')) === 1, 'only juliet has a session');
    await until(async () => (await world.metric('starling_edge_connections')) === 1, 'only juliet is connected');
    assert.equal(await world.metric('starling_edge_users'), 1);
  });
});

describe('binds', () => {
  let world: OneEdge;
  /** Answers that the archive holds back. */
  let waiting: (() => void)[];
  let isHeld: boolean;
  beforeEach(async () => {
    world = await startOneEdge({ env: { STARLING_POSITION_TIMEOUT: '10s', STARLING_SESSIONS_PER_USER_MAX: '3' } });
    waiting = [];
    isHeld = false;
    for (const stream of [0, 1]) {
      const last = async () => {
        if (isHeld) await new Promise<void>((resolve) => waiting.push(resolve));
        return { epoch: 1, last: [] };
      };
      serve(world.bus, archive.last(stream), queues.archive, last, (error) => assert.fail(String(error)));
    }
  });
  afterEach(() => world.stop());

  const release = () => {
    for (const resolve of waiting.splice(0)) resolve();
  };

  async function authenticated(name: string): Promise<Client> {
    world.addAccount(name);
    const client = await Client.connect(world.endpoint('tcp'), DOMAIN);
    await client.openStream();
    await client.authenticate(name, PASSWORD, 'PLAIN');
    await client.openStream();
    return client;
  }

  it('a connection that breaks while the log is looked at leaves nothing', async () => {
    const client = await authenticated('romeo');
    isHeld = true;
    client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    await until(() => waiting.length === 1, 'the archive was asked');
    await client.destroy();
    await until(async () => (await world.metric('starling_edge_connections')) === 0, 'the edge has seen it');
    release();
    await nobodyListens(world, 'romeo');
    assert.equal(await world.metric('starling_edge_sessions'), 0);
    assert.equal(await world.metric('starling_edge_users'), 0);
  });

  it('two binds of one user at once both wait for the end of his log, and both are served', async () => {
    const [first, second] = [await authenticated('romeo'), await authenticated('romeo')];
    isHeld = true;
    const both = Promise.all([first.bind('a'), second.bind('b')]);
    await until(() => waiting.length === 2, 'the archive was asked for both');
    for (let i = 0; i < 20; i++) await nextTurn();
    assert.deepEqual([first.unread, second.unread], [[], []]);
    release();
    await both;
    await first.sends`<message to='${second.jid}' type='chat'><body>hark</body></message>`;
    await second.receives`<message><body>hark</body></message>`;
  });

  it('two binds of one resource at once: one session stays', async () => {
    const [first, second] = [await authenticated('romeo'), await authenticated('romeo')];
    isHeld = true;
    const both = Promise.allSettled([first.bind('a'), second.bind('a')]);
    await until(() => waiting.length === 2, 'the archive was asked');
    release();
    await both;
    await until(() => first.closed || second.closed, 'one of them is closed');
    const [gone, stays] = first.closed ? [first, second] : [second, first];
    await gone.receive(streamError('conflict'));
    await stays.ping();
    await stays.sends`<message to='${stays.jid}' type='chat'><body>me</body></message>`;
    await stays.receives`<message><body>me</body></message>`;
    await until(async () => (await world.metric('starling_edge_sessions')) === 1, 'one session');
    await stays.close();
    await nobodyListens(world, 'romeo');
  });

  it('nothing comes before the answer to the bind', async () => {
    const juliet = await world.device('juliet', 'balcony');
    const old = await world.online('romeo', 'orchard');
    const client = await authenticated('romeo');
    // Messages without a pause, while the resource goes from one connection to the other.
    let sending = true;
    const flood = (async () => {
      for (let i = 0; sending; i++) {
        await juliet.sends`<message to='romeo@${DOMAIN}/orchard' type='chat'><body>${i}</body></message>`;
        await nextTurn();
      }
    })();
    const before = client.history.length;
    await client.bind('orchard');
    await client.receives`<message from='${juliet.jid}'/>`;
    sending = false;
    await flood;
    assert.equal(client.history[before]?.name, 'iq');
    await old.receive(streamError('conflict'));
  });

  it('§7.6.2.1 too many sessions are resource-constraint, also while they are being bound; the same resource may come again', async () => {
    const clients = [];
    for (let i = 0; i < 5; i++) clients.push(await authenticated('romeo'));
    isHeld = true;
    const answers = clients.map((c, i) =>
      c.iq('set', '', `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r${i}</resource></bind>`),
    );
    await until(() => waiting.length === 3, 'the archive was asked');
    for (let i = 0; i < 20; i++) await nextTurn();
    release();
    const types = (await Promise.all(answers)).map((a) => a.attrs.type);
    assert.deepEqual(types.sort(), ['error', 'error', 'result', 'result', 'result']);
    isHeld = false;
    const again = await authenticated('romeo');
    const bound = clients.find((c) => c.has("<iq type='result'/>")) === undefined;
    assert.ok(bound);
    await again.bind('r0');
    await again.close();
  });
});

describe('back-pressure', () => {
  it('while the log is congested senders are not read, and nothing is refused or lost', async () => {
    const world = await startOneEdge({
      env: { STARLING_INBOUND_QUEUE_MAX: '4' },
      log: { acknowledge: 'when-archived', pendingMax: 8 },
    });
    const juliet = await world.online('juliet', 'balcony');
    const senders = await Promise.all(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => world.device(name, 'r', name < 'e' ? 'tcp' : 'ws')),
    );
    for (const sender of senders) {
      for (let i = 0; i < MESSAGES; i++)
        sender.sendXml(`<message to='${juliet.jid}' type='chat' id='${i}'><body>hark</body></message>`);
    }
    await until(() => world.log.congested, 'the log is congested');
    await until(async () => (await world.metric('starling_edge_inbound_queue_full_total')) > 0, 'somebody is not read');
    assert.ok(world.log.pending <= 8);
    const archiving = setInterval(() => {
      for (const stream of [0, 1]) void world.log.info(stream).then(({ last }) => world.log.archived(stream, last));
    }, 1);
    const got = await juliet.messages(senders.length * MESSAGES);
    for (const sender of senders) {
      const ids = got.filter((m) => m.attrs.from === sender.jid).map((m) => m.attrs.id);
      assert.deepEqual(ids, BODIES, 'in order');
      assert.equal(sender.has("<message type='error'/>"), false);
    }
    await Promise.all(senders.map((s) => s.ping()));
    clearInterval(archiving);
    await world.stop();
  });

  it('messages that were read before the connection broke are delivered', async () => {
    const world = await startOneEdge({ log: { acknowledge: 'when-archived' } });
    const juliet = await world.online('juliet', 'balcony');
    const romeo = await world.device('romeo', 'cut');
    burst(romeo, juliet.jid);
    await until(() => world.log.pending === 2, 'the first one is on its way to both logs');
    await romeo.destroy();
    await nobodyListens(world, 'romeo');
    const archiving = setInterval(() => {
      for (const stream of [0, 1]) void world.log.info(stream).then(({ last }) => world.log.archived(stream, last));
    }, 1);
    assert.deepEqual(await bodies(juliet), BODIES);
    clearInterval(archiving);
    await world.stop();
  });

  it('a log that is full is resource-constraint of type wait, and the session lives', async () => {
    const world = await startOneEdge({ log: { entriesMax: 2 } });
    const [romeo, juliet] = [await world.device('romeo', 'orchard'), await world.online('juliet', 'balcony')];
    for (let i = 0; i < 6; i++)
      await romeo.sends`<message to='${juliet.jid}' type='chat' id='m${i}'><body>hark</body></message>`;
    await romeo.receives`<message type='error' id='m5' from='${juliet.jid}'><error type='wait'><resource-constraint xmlns='${STANZAS}'/></error></message>`;
    await romeo.ping();
    await world.stop();
  });
});

describe('two edges', () => {
  let one: OneEdge;
  let two: OneEdge;
  before(async () => {
    one = await startOneEdge();
    two = await startOneEdge({ beside: one });
  });
  after(async () => {
    await two.stop();
    await one.stop();
  });

  it('RFC 6120 §7.7.2.2 a resource that is bound on another edge: the newer session wins', async () => {
    for (const [older, newer] of [
      [one, two],
      [two, one],
    ] as const) {
      const first = await older.online('romeo', 'orchard');
      const second = await newer.online('romeo', 'orchard');
      await first.receive(streamError('conflict'));
      await second.ping();
      await second.close();
    }
    await nobodyListens(one, 'romeo');
  });

  it('an iq goes to one’s own resource on the other edge', async () => {
    const [phone, laptop] = [await one.online('romeo', 'phone'), await two.online('romeo', 'laptop')];
    await phone.receives`<presence from='${laptop.jid}'/>`;
    await phone.sends`<iq type='get' id='q' to='${laptop.jid}'><query xmlns='urn:x'/></iq>`;
    await laptop.receives`<iq type='get' id='q' from='${phone.jid}'/>`;
    // Who came second has asked who else is there.
    await laptop.sends`<iq type='result' id='q' to='${phone.jid}'/>`;
    await phone.receives`<iq type='result' id='q' from='${laptop.jid}'/>`;
    await laptop.close();
    await phone.receives`<presence type='unavailable' from='${laptop.jid}'/>`;
    await phone.sends`<iq type='get' id='r' to='${laptop.jid}'><query xmlns='urn:x'/></iq>`;
    await phone.receives`<iq type='error' id='r'><error><service-unavailable xmlns='${STANZAS}'/></error></iq>`;
    await phone.close();
  });

  it('who missed a bind hears of it when his bus is back', async () => {
    const first = await one.online('romeo', 'orchard');
    // The other edge's session is attached while nothing gets through.
    const publish = one.bus.publish.bind(one.bus);
    one.bus.publish = (subject, data, replyTo) => {
      if (!subject.startsWith('u.')) publish(subject, data, replyTo);
    };
    const second = await two.device('romeo', 'orchard');
    one.bus.publish = publish;
    await first.ping();
    one.bus.announceLoss();
    await first.receive(streamError('conflict'));
    await second.ping();
    await second.close();
  });
});

describe('language (RFC 6120 §4.7.4, §8.1.5)', () => {
  it('a stanza that does not say its own has that of its stream', async () => {
    const world = await startOneEdge();
    const juliet = await world.online('juliet', 'balcony');
    world.addAccount('romeo');
    const romeo = await Client.connect(world.endpoint('ws'), DOMAIN);
    const open = `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${DOMAIN}' version='1.0' xml:lang='it'/>`;
    romeo.send(open);
    for (const name of ['open', 'features']) assert.equal((await romeo.next()).name, name);
    await romeo.authenticate('romeo', PASSWORD, 'PLAIN');
    romeo.send(open);
    for (const name of ['open', 'features']) assert.equal((await romeo.next()).name, name);
    await romeo.bind('orchard');
    await romeo.sends`<message to='${juliet.jid}' type='chat' id='a'><body>ciao</body></message>`;
    await romeo.sends`<message to='${juliet.jid}' type='chat' id='b' xml:lang='en'><body>hello</body></message>`;
    assert.equal((await juliet.receives`<message id='a'/>`).attrs['xml:lang'], 'it');
    assert.equal((await juliet.receives`<message id='b'/>`).attrs['xml:lang'], 'en');
    await world.stop();
  });
});

describe('the edge stops', () => {
  it('everybody is told, gets what was on its way, and nothing stays', async () => {
    const world = await startOneEdge();
    const [romeo, juliet] = [await world.online('romeo', 'orchard'), await world.online('juliet', 'balcony', 'ws')];
    const stopped = world.stop();
    await romeo.receive(streamError('system-shutdown'));
    await juliet.receive(streamError('system-shutdown'));
    assert.deepEqual(await romeo.ended(), { endTag: true, code: 0 });
    assert.deepEqual(await juliet.ended(), { endTag: false, code: 1012 });
    await stopped;
    assert.equal(await world.metric('starling_edge_sessions'), 0);
    assert.equal(await world.metric('starling_edge_connections'), 0);
  });

  it('it does not wait for ever for who does not close', async () => {
    const world = await startOneEdge({ env: { STARLING_EDGE_STOP_TIMEOUT: '200ms' } });
    const { host, port } = world.endpoint('tcp');
    const socket = net.connect({ host, port, allowHalfOpen: true });
    await once(socket, 'connect');
    await until(async () => (await world.metric('starling_edge_connections')) === 1, 'it is connected');
    const startedMs = Date.now();
    await world.stop();
    assert.ok(Date.now() - startedMs < 2_000);
    socket.destroy();
  });
});
