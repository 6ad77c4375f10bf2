// SASL2 (XEP-0388) on one edge: what a login may look like, and what it may not.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import {
  authenticate2,
  authenticateXml,
  Client,
  childOf,
  RefusedError,
  type Sasl2Login,
  showElement,
  tokenIn,
  tokenMessage,
} from '@starling/testkit';
import type { Element } from '@starling/xml';
import { DOMAIN, type OneEdge, PASSWORD, startOneEdge } from '../testing/one-edge.ts';

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const SASL2 = 'urn:xmpp:sasl:2';
const BIND2 = 'urn:xmpp:bind:0';
const FAST = 'urn:xmpp:fast:0';
const STREAMS = 'http://etherx.jabber.org/streams';
const NOTHING = new Uint8Array(0);

let world: OneEdge;
const clients: Client[] = [];

type Transport = 'tcp' | 'tls' | 'ws';
const TRANSPORTS: readonly Transport[] = ['tcp', 'tls', 'ws'];

async function opened(transport: Transport = 'tls', from = ''): Promise<{ client: Client; features: Element }> {
  const client = await Client.connect(world.endpoint(transport), DOMAIN);
  clients.push(client);
  return { client, features: await client.negotiate(from) };
}
const romeo = (more: Partial<Sasl2Login> = {}): Sasl2Login => ({
  ...{ username: 'romeo', secret: PASSWORD, mechanism: 'SCRAM-SHA-256', client: randomUUID(), ...more },
});
const bind = (inner = '') => `<bind xmlns='${BIND2}'>${inner}</bind>`;
const requestToken = (mechanism: string) => `<request-token xmlns='${FAST}' mechanism='${mechanism}'/>`;
const fast = (attributes = '') => `<fast xmlns='${FAST}' ${attributes}/>`;
const refusedWith = (condition: string) => (error: unknown) =>
  error instanceof RefusedError && childOf(error.element, condition, SASL) !== undefined;
const endsWith = async (client: Client, condition: string) => {
  await client.receive(`<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`);
  await client.ended();
};
const mechanismsIn = (element: Element | undefined): string[] =>
  (element?.children ?? []).flatMap((c) =>
    typeof c !== 'string' && c.name === 'mechanism' ? c.children : [],
  ) as string[];

before(async () => {
  world = await startOneEdge();
  world.addAccount('romeo');
  world.addAccount('juliet');
});
after(async () => {
  await Promise.all(clients.map((client) => client.destroy()));
  await world.stop();
});

describe('what is offered', () => {
  it('nothing before TLS, and less where there is nothing to bind to', async () => {
    const plain = await Client.connect(world.endpoint('tcp'), DOMAIN);
    clients.push(plain);
    assert.equal(childOf(await plain.openStream(), 'authentication', SASL2), undefined);
    for (const [transport, bindings] of [
      ['tcp', true],
      ['tls', true],
      ['ws', false],
    ] as const) {
      const { features } = await opened(transport);
      const offer = childOf(features, 'authentication', SASL2);
      const inline = childOf(offer, 'inline');
      const plus = bindings ? ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS'] : [];
      assert.deepEqual(mechanismsIn(offer), [...plus, 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN']);
      const bound = bindings ? ['HT-SHA-256-EXPR', 'HT-SHA-256-ENDP'] : [];
      assert.deepEqual(mechanismsIn(childOf(inline, 'fast', FAST)), [...bound, 'HT-SHA-256-NONE']);
      assert.equal(childOf(inline, 'fast', FAST)?.attrs['tls-0rtt'], undefined);
      const offered = childOf(childOf(inline, 'bind', BIND2), 'inline');
      assert.ok(offered?.children.some((c) => typeof c !== 'string' && c.attrs.var === 'urn:xmpp:carbons:2'));
      const types = childOf(features, 'sasl-channel-binding', 'urn:xmpp:sasl-cb:0')?.children ?? [];
      assert.deepEqual(
        types.map((c) => (typeof c === 'string' ? c : c.attrs.type)),
        bindings ? ['tls-exporter', 'tls-server-end-point'] : [],
      );
    }
  });

  it('in clear it is encryption-required', async () => {
    const client = await Client.connect(world.endpoint('tcp'), DOMAIN);
    clients.push(client);
    await client.openStream();
    await assert.rejects(authenticate2(client, romeo()), refusedWith('encryption-required'));
  });
});

describe('a login', () => {
  for (const transport of TRANSPORTS) {
    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN'] as const) {
      it(`${mechanism} over ${transport}, without a restart, and a resource as RFC 6120 has it`, async () => {
        const { client } = await opened(transport);
        const success = await authenticate2(client, romeo({ mechanism }));
        const identifier = childOf(success, 'authorization-identifier', SASL2);
        assert.deepEqual(identifier?.children, [`romeo@${DOMAIN}`]);
        const features = await client.receives`<stream:features/>`;
        assert.ok(childOf(features, 'bind', 'urn:ietf:params:xml:ns:xmpp-bind'));
        await client.bind('orchard');
        await client.ping();
      });
    }

    it(`with Bind 2 over ${transport}: nothing is left to do`, async () => {
      const { client } = await opened(transport);
      const success = await authenticate2(
        client,
        romeo({ inline: bind("<tag>AwesomeXMPP</tag><enable xmlns='urn:xmpp:carbons:2'/>") }),
      );
      assert.match(client.jid, /^romeo@localhost\/AwesomeXMPP\/[A-Za-z0-9_-]{12}$/);
      assert.ok(childOf(success, 'bound', BIND2));
      const features = await client.receives`<stream:features/>`;
      assert.equal(childOf(features, 'bind', 'urn:ietf:params:xml:ns:xmpp-bind'), undefined);
      await client.ping();
      assert.equal(
        (await client.iq('set', '', `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>`)).attrs.type,
        'error',
      );
    });
  }

  it('SCRAM without an initial response', async () => {
    const { client } = await opened();
    client.send(`<authenticate xmlns='${SASL2}' mechanism='SCRAM-SHA-1'/>`);
    await client.receives`<challenge xmlns='urn:xmpp:sasl:2'/>`;
    client.send(`<abort xmlns='${SASL2}'><text>I have thought better of it</text></abort>`);
    await client.receive(`<failure xmlns='${SASL2}'><aborted xmlns='${SASL}'/></failure>`);
    await authenticate2(client, romeo());
  });

  it('the same client gets the same resource, and its earlier session ends', async () => {
    const id = randomUUID();
    const first = await opened();
    await authenticate2(first.client, romeo({ client: id, inline: bind('<tag>a</tag>') }));
    const second = await opened('ws');
    await authenticate2(second.client, romeo({ client: id, inline: bind('<tag>a</tag>') }));
    assert.equal(second.client.jid, first.client.jid);
    await endsWith(first.client, 'conflict');
    const third = await opened();
    await authenticate2(third.client, romeo({ inline: bind('<tag>a</tag>') }));
    assert.notEqual(third.client.jid, second.client.jid);
    await second.client.ping();
  });

  it('a tag that is no resource is left out', async () => {
    const { client } = await opened();
    await authenticate2(client, romeo({ inline: bind(`<tag>${'x'.repeat(1_020)}</tag>`) }));
    assert.match(client.jid, /^romeo@localhost\/[A-Za-z0-9_-]{12}$/);
  });
});

describe('what is refused', () => {
  for (const [why, xml, condition] of [
    ['an unknown mechanism', `<authenticate xmlns='${SASL2}' mechanism='BLURDYBLOOP'/>`, 'invalid-mechanism'],
    ['no mechanism', `<authenticate xmlns='${SASL2}'/>`, 'invalid-mechanism'],
    [
      'what is not base64',
      `<authenticate xmlns='${SASL2}' mechanism='PLAIN'><initial-response>***</initial-response></authenticate>`,
      'incorrect-encoding',
    ],
    [
      'RFC 6120’s empty response',
      `<authenticate xmlns='${SASL2}' mechanism='PLAIN'><initial-response>=</initial-response></authenticate>`,
      'incorrect-encoding',
    ],
    [
      'two initial responses',
      `<authenticate xmlns='${SASL2}' mechanism='PLAIN'><initial-response>YQ==</initial-response><initial-response>Yg==</initial-response></authenticate>`,
      'malformed-request',
    ],
    [
      'two resources',
      authenticateXml(romeo({ mechanism: 'PLAIN', inline: bind() + bind() }), NOTHING),
      'malformed-request',
    ],
    ['a response to nothing', `<response xmlns='${SASL2}'/>`, 'malformed-request'],
    ['the end of nothing', `<abort xmlns='${SASL2}'/>`, 'aborted'],
    [
      'a token that does not say so',
      authenticateXml(romeo({ mechanism: 'HT-SHA-256-NONE' }), NOTHING),
      'malformed-request',
    ],
    [
      'a count that is none',
      authenticateXml(romeo({ mechanism: 'HT-SHA-256-NONE', inline: fast("count='0'") }), NOTHING),
      'malformed-request',
    ],
  ] as const) {
    it(`${why}: ${condition}`, async () => {
      const { client } = await opened();
      client.send(xml);
      await client.receive(`<failure xmlns='${SASL2}'><${condition} xmlns='${SASL}'/></failure>`);
      await authenticate2(client, romeo());
    });
  }

  it('a wrong password, and after three the stream ends (RFC 6120 §6.4.5), whichever profile they were tried by', async () => {
    const { client } = await opened();
    const wrong = romeo({ secret: 'wrong', inline: bind() });
    for (let n = 0; n < 2; n++) await assert.rejects(authenticate2(client, wrong), refusedWith('not-authorized'));
    client.send(`<auth xmlns='${SASL}' mechanism='PLAIN'>${Buffer.from('\0romeo\0wrong').toString('base64')}</auth>`);
    await client.receive(`<failure xmlns='${SASL}'><not-authorized/></failure>`);
    await endsWith(client, 'policy-violation');
  });

  it('to be somebody else than the header said, to be of another domain', async () => {
    const { client } = await opened('tls', `juliet@${DOMAIN}`);
    await assert.rejects(authenticate2(client, romeo()), refusedWith('invalid-authzid'));
    await authenticate2(client, romeo({ username: 'juliet' }));
    const stranger = await opened('tls', 'romeo@mantua.example');
    stranger.client.send(authenticateXml(romeo({ mechanism: 'PLAIN' }), NOTHING));
    await endsWith(stranger.client, 'invalid-from');
  });

  it('"During Authentication": anything else ends the stream', async () => {
    for (const other of [
      `<auth xmlns='${SASL}' mechanism='PLAIN'/>`,
      authenticateXml(romeo({ mechanism: 'PLAIN' }), NOTHING),
      `<iq xmlns='jabber:client' type='get' id='1'><query xmlns='jabber:iq:register'/></iq>`,
    ]) {
      const { client } = await opened();
      client.send(`<authenticate xmlns='${SASL2}' mechanism='SCRAM-SHA-1'/>`);
      await client.receives`<challenge xmlns='urn:xmpp:sasl:2'/>`;
      client.send(other);
      await endsWith(client, 'not-authorized');
    }
  });

  it('"Multiple Authentication": another login is a stream error, with a resource and without', async () => {
    for (const [inline, condition] of [
      [bind(), 'unsupported-stanza-type'],
      ['', 'not-authorized'],
    ] as const) {
      const { client } = await opened();
      await authenticate2(client, romeo({ inline }));
      client.send(authenticateXml(romeo({ mechanism: 'PLAIN' }), NOTHING));
      await endsWith(client, condition);
    }
  });
});

describe('tokens (XEP-0484)', () => {
  const issued = async (transport: Transport, mechanism: string, client: string) => {
    const { client: first } = await opened(transport);
    const login = romeo({ client, inline: requestToken(mechanism) });
    const token = tokenIn(await authenticate2(first, login));
    assert.ok(token && token.expiresAtMs > Date.now() + 60_000);
    await first.destroy();
    return token.token;
  };

  for (const [transport, mechanism] of [
    ['tcp', 'HT-SHA-256-EXPR'],
    ['tls', 'HT-SHA-256-EXPR'],
    ['tls', 'HT-SHA-256-ENDP'],
    ['tls', 'HT-SHA-256-NONE'],
    ['ws', 'HT-SHA-256-NONE'],
  ] as const) {
    it(`${mechanism} over ${transport}: in one round trip there is a session`, async () => {
      const client = randomUUID();
      const secret = await issued(transport, mechanism, client);
      for (const count of [1, 2]) {
        const { client: next } = await opened(transport, `romeo@${DOMAIN}`);
        const login = romeo({ secret, mechanism, client, inline: bind() + fast(`count='${count}'`) });
        const success = await authenticate2(next, login);
        assert.equal(tokenIn(success), undefined, 'it is new');
        await next.ping();
        await next.destroy();
      }
      const { client: replayed } = await opened(transport);
      const login = romeo({ secret, mechanism, client, inline: fast("count='2'") });
      await assert.rejects(authenticate2(replayed, login), refusedWith('not-authorized'));
    });
  }

  it('is good for its own mechanism, channel and client only, and never without being asked for', async () => {
    const client = randomUUID();
    const secret = await issued('tls', 'HT-SHA-256-EXPR', client);
    const token = romeo({ secret, client, mechanism: 'HT-SHA-256-EXPR', inline: fast() });
    for (const bent of [
      { mechanism: 'HT-SHA-256-NONE' },
      { mechanism: 'HT-SHA-256-ENDP' },
      { client: randomUUID() },
      { username: 'juliet' },
      { secret: `${secret}x` },
      { bound: Buffer.alloc(32) },
    ] as const) {
      const { client: next } = await opened();
      await assert.rejects(authenticate2(next, { ...token, ...bent }), refusedWith('not-authorized'));
    }
    const { client: next } = await opened();
    await authenticate2(next, token);
    const { client: other } = await opened();
    const unnamed = { username: 'romeo', secret: PASSWORD, mechanism: 'PLAIN' } as const;
    assert.equal(
      tokenIn(await authenticate2(other, { ...unnamed, inline: requestToken('HT-SHA-256-NONE') })),
      undefined,
      'who does not say which client it is has none',
    );
  });

  it('over a WebSocket none that binds can be had', async () => {
    const { client } = await opened('ws');
    const login = romeo({ inline: requestToken('HT-SHA-256-EXPR') });
    assert.equal(tokenIn(await authenticate2(client, login)), undefined);
  });

  it('invalidate acts at once', async () => {
    const client = randomUUID();
    const secret = await issued('tls', 'HT-SHA-256-EXPR', client);
    const token = romeo({ secret, client, mechanism: 'HT-SHA-256-EXPR' });
    const { client: last } = await opened();
    await authenticate2(last, { ...token, inline: fast("invalidate='true'") });
    const { client: late } = await opened();
    await assert.rejects(authenticate2(late, { ...token, inline: fast() }), refusedWith('not-authorized'));
  });
});

it('one round trip behind TLS, byte by byte', async (t) => {
  const id = randomUUID();
  const { client: first } = await opened();
  const before = await authenticate2(first, romeo({ client: id, inline: requestToken('HT-SHA-256-EXPR') }));
  const secret = tokenIn(before)?.token ?? '';
  await first.destroy();
  // The client knows what is offered from the time before: it waits for nothing.
  const client = await Client.connect(world.endpoint('tls'), DOMAIN);
  clients.push(client);
  const inline = fast("count='1'") + bind("<tag>phone</tag><enable xmlns='urn:xmpp:carbons:2'/>");
  const login = romeo({ secret, client: id, mechanism: 'HT-SHA-256-EXPR', inline });
  const sent =
    `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' from='romeo@${DOMAIN}' to='${DOMAIN}' version='1.0'>` +
    authenticateXml(login, tokenMessage(login, client.channel.binding('tls-exporter')));
  client.send(sent);
  const success = await client.receives`<success xmlns='urn:xmpp:sasl:2'><bound xmlns='urn:xmpp:bind:0'/></success>`;
  t.diagnostic(`client, ${sent.length} bytes: ${sent}`);
  for (const element of client.history) t.diagnostic(`server: ${showElement(element)}`);
  assert.deepEqual(client.history.map(({ name }) => name).slice(0, 3), ['stream', 'features', 'success']);
  assert.ok(childOf(success, 'additional-data'), 'the server has shown that it has the token, too');
});

it('the same with a session that goes on (XEP-0198): nothing else is to be asked for', async (t) => {
  const id = randomUUID();
  const { client: first } = await opened();
  const enable = bind("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
  const before = await authenticate2(first, romeo({ client: id, inline: enable + requestToken('HT-SHA-256-EXPR') }));
  const secret = tokenIn(before)?.token ?? '';
  const sm = childOf(childOf(before, 'bound', BIND2), 'enabled', 'urn:xmpp:sm:3');
  assert.ok(sm?.attrs.id);
  await first.destroy();
  const client = await Client.connect(world.endpoint('tls'), DOMAIN);
  clients.push(client);
  const resume = `<resume xmlns='urn:xmpp:sm:3' h='0' previd='${sm.attrs.id}'/>`;
  const login = romeo({
    secret,
    client: id,
    mechanism: 'HT-SHA-256-EXPR',
    inline: resume + bind() + fast("count='1'"),
  });
  const sent =
    `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' from='romeo@${DOMAIN}' to='${DOMAIN}' version='1.0'>` +
    authenticateXml(login, tokenMessage(login, client.channel.binding('tls-exporter')));
  client.send(sent);
  await client.receives`<success xmlns='urn:xmpp:sasl:2'><resumed xmlns='urn:xmpp:sm:3' h='0'/></success>`;
  t.diagnostic(`client, ${sent.length} bytes: ${sent}`);
  for (const element of client.history) t.diagnostic(`server: ${showElement(element)}`);
  await client.ping();
});
