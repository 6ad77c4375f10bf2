// What a client may do wrong on a stream, and what it hears (RFC 6120 §4.9, §5, §6, §7, RFC 7395), while two others chat on.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { WEBSOCKET_PATH } from '@starling/feature-api';
import { Client } from '@starling/testkit';
import WebSocket from 'ws';
import { DOMAIN, type OneEdge, PASSWORD, startOneEdge } from '../testing/one-edge.ts';

type Transport = 'tcp' | 'ws';
const BOTH: readonly Transport[] = ['tcp', 'ws'];
const STREAMS = 'http://etherx.jabber.org/streams';
const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';
const CONDITIONS = 'urn:ietf:params:xml:ns:xmpp-streams';
const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas';
const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const TLS = 'urn:ietf:params:xml:ns:xmpp-tls';
const BIND = 'urn:ietf:params:xml:ns:xmpp-bind';
const TEN_MEGABYTES = 10 * 2 ** 20;

let world: OneEdge;
let romeo: Client;
let juliet: Client;
let lines = 0;

before(async () => {
  world = await startOneEdge({ env: { STARLING_HANDSHAKE_TIMEOUT: '5s' } });
  romeo = await world.online('romeo', 'orchard', 'tcp');
  juliet = await world.online('juliet', 'balcony', 'ws');
});
after(() => world.stop());

/** The bystanders: neither may notice anything. */
async function chat(): Promise<void> {
  const line = `line ${++lines}`;
  await romeo.sends`<message to='${juliet.jid}' type='chat'><body>${line}</body></message>`;
  await juliet.receives`<message from='${romeo.jid}'><body>${line}</body></message>`;
}

const connect = (transport: Transport) => Client.connect(world.endpoint(transport), DOMAIN);
const plain = (name: string, password = PASSWORD) => Buffer.from(`\0${name}\0${password}`).toString('base64');

async function opened(transport: Transport): Promise<Client> {
  const client = await connect(transport);
  await client.openStream();
  return client;
}

async function authenticated(transport: Transport): Promise<Client> {
  const client = await opened(transport);
  world.addAccount('paris');
  await client.authenticate('paris', PASSWORD, 'PLAIN');
  await client.openStream();
  return client;
}

const bound = (transport: Transport) => world.device('paris', 'tomb', transport);

async function endsWith(client: Client, condition: string): Promise<void> {
  await client.receive(`<stream:error><${condition} xmlns='${CONDITIONS}'/></stream:error>`);
  assert.equal((await client.ended()).endTag, true, 'the end tag follows the error');
  assert.deepEqual(client.faults, []);
}

const streamTag = (attributes: string, more = '') =>
  `<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' ${attributes}>${more}`;
const openTag = (attributes: string) => `<open xmlns='${FRAMING}' ${attributes}/>`;

describe('stream headers', () => {
  const rows: readonly { title: string; tcp?: string; ws?: string; condition: string }[] = [
    {
      title: 'another stream namespace',
      tcp: `<stream:stream xmlns='jabber:client' xmlns:stream='urn:x' to='${DOMAIN}' version='1.0'>`,
      ws: `<open xmlns='urn:x' to='${DOMAIN}' version='1.0'/>`,
      condition: 'invalid-namespace',
    },
    {
      title: 'another content namespace',
      tcp: `<stream:stream xmlns='jabber:server' xmlns:stream='${STREAMS}' to='${DOMAIN}' version='1.0'>`,
      condition: 'invalid-namespace',
    },
    {
      title: 'something else of the stream namespace',
      tcp: `<stream:dream xmlns='jabber:client' xmlns:stream='${STREAMS}' to='${DOMAIN}' version='1.0'>`,
      ws: `<shut xmlns='${FRAMING}' to='${DOMAIN}' version='1.0'/>`,
      condition: 'bad-format',
    },
    {
      title: 'an unbound prefix',
      tcp: `<stream:stream xmlns='jabber:client' to='${DOMAIN}' version='1.0'>`,
      ws: `<f:open to='${DOMAIN}' version='1.0'/>`,
      condition: 'not-well-formed',
    },
    { title: 'no `to`', tcp: streamTag("version='1.0'"), ws: openTag("version='1.0'"), condition: 'host-unknown' },
    {
      title: 'an unknown `to`',
      tcp: streamTag("to='verona.invalid' version='1.0'"),
      ws: openTag("to='verona.invalid' version='1.0'"),
      condition: 'host-unknown',
    },
    {
      title: 'a `to` that is no address',
      tcp: streamTag("to='@' version='1.0'"),
      ws: openTag("to='@' version='1.0'"),
      condition: 'improper-addressing',
    },
    {
      title: 'version 0.9',
      tcp: streamTag(`to='${DOMAIN}' version='0.9'`),
      ws: openTag(`to='${DOMAIN}' version='0.9'`),
      condition: 'unsupported-version',
    },
    {
      title: 'no version',
      tcp: streamTag(`to='${DOMAIN}'`),
      ws: openTag(`to='${DOMAIN}'`),
      condition: 'unsupported-version',
    },
    {
      title: 'another encoding',
      tcp: `<?xml version='1.0' encoding='UTF-16'?>${streamTag(`to='${DOMAIN}' version='1.0'`)}`,
      condition: 'unsupported-encoding',
    },
    { title: 'a stanza in its place', ws: "<message xmlns='jabber:client'/>", condition: 'invalid-namespace' },
    { title: 'HTTP in its place', tcp: 'GET / HTTP/1.1\r\n\r\n', condition: 'not-well-formed' },
  ];
  for (const row of rows) {
    for (const transport of BOTH) {
      const text = row[transport];
      if (text === undefined) continue;
      it(`${row.title} is ${row.condition}, behind a header (${transport})`, async () => {
        const client = await connect(transport);
        client.send(text);
        await Promise.all([endsWith(client, row.condition), chat()]);
        const [head] = client.history;
        assert.equal(head?.name, transport === 'tcp' ? 'stream' : 'open');
        assert.equal(head?.attrs.from, DOMAIN, 'RFC 6120 §4.9.1.3');
        assert.notEqual(head?.attrs.id ?? '', '');
      });
    }
  }

  it('RFC 6120 §4.8.2 content may be declared on each stanza instead', async () => {
    const client = await connect('tcp');
    client.send(`<stream xmlns='${STREAMS}' to='${DOMAIN}' version='1.0'>`);
    await client.receives`<stream:features><mechanisms xmlns='${SASL}'/></stream:features>`;
    client.send(`<iq xmlns='jabber:client' type='get' id='f1'><query xmlns='jabber:iq:register'/></iq>`);
    await client.receives`<iq type='result' id='f1'/>`;
    await client.destroy();
  });

  it('RFC 6120 §4.7 what the server says of itself', async () => {
    for (const [sent, to, lang] of [
      ['', undefined, 'en'],
      ["from='Romeo@Localhost/orchard' xml:lang='en-GB'", 'romeo@localhost', 'en-GB'],
      ["from='@@' xml:lang='de'", undefined, 'en'],
      ["from='romeo@localhost' xml:lang='not a tag'", 'romeo@localhost', 'en'],
    ] as const) {
      for (const transport of BOTH) {
        const client = await connect(transport);
        const attributes = `to='LOCALHOST' version='1.7' id='ignored' ${sent}`;
        client.send(transport === 'tcp' ? streamTag(attributes) : openTag(attributes));
        const head = await client.next();
        assert.deepEqual(
          [head.attrs.to, head.attrs['xml:lang'], head.attrs.version, head.attrs.from],
          [to, lang, '1.0', DOMAIN],
          `${transport}: ${sent}`,
        );
        assert.notEqual(head.attrs.id, 'ignored');
        await client.destroy();
      }
    }
  });

  it('RFC 6120 §4.3.3 each stream has an id of its own', async () => {
    const client = await bound('tcp');
    const ids = client.history.filter((e) => e.name === 'stream').map((e) => e.attrs.id);
    assert.equal(new Set(ids).size, 3, 'in clear, in TLS, after SASL');
    await client.close();
  });
});

/** What no stream survives, in whichever stage. */
const FATAL: readonly (readonly [string, string, string])[] = [
  ['not well-formed', '<message><body>oops</message>', 'not-well-formed'],
  ['an end tag for nothing', '</message>', 'not-well-formed'],
  ['a DTD', "<!DOCTYPE message [<!ENTITY a 'b'>]><message/>", 'restricted-xml'],
  ['a comment', '<message><!-- aside --></message>', 'restricted-xml'],
  ['a processing instruction', '<message><?php ?></message>', 'restricted-xml'],
  ['an entity', '<message><body>&nbsp;</body></message>', 'restricted-xml'],
  ['an unbound prefix', '<message><x:y/></message>', 'not-well-formed'],
  ['a prefix on the content namespace', "<c:message xmlns:c='jabber:client'/>", 'bad-namespace-prefix'],
];

const STAGES: readonly (readonly [string, (transport: Transport) => Promise<Client>])[] = [
  ['before authentication', opened],
  ['before the bind', authenticated],
  ['bound', bound],
];

for (const [stage, reach] of STAGES) {
  describe(`on a stream ${stage}`, () => {
    for (const [title, text, condition] of FATAL) {
      for (const transport of BOTH) {
        it(`${title} is ${condition} (${transport})`, async () => {
          const client = await reach(transport);
          client.send(text);
          await Promise.all([endsWith(client, condition), chat()]);
        });
      }
    }

    it('broken UTF-8 is unsupported-encoding', async () => {
      const text = Buffer.from("<message xmlns='jabber:client'>\xff</message>", 'latin1');
      const client = await reach('tcp');
      client.send(text);
      await endsWith(client, 'unsupported-encoding');
      // RFC 6455 §8.1: a WebSocket library may end the connection before anybody sees such text.
      const browser = await reach('ws');
      browser.send(text);
      await browser.ended();
    });

    it('10 MB in one stanza is policy-violation', async () => {
      for (const transport of BOTH) {
        const client = await reach(transport);
        client.sendXml(`<message to='romeo@${DOMAIN}'><body>${'x'.repeat(TEN_MEGABYTES)}</body></message>`);
        await Promise.all([endsWith(client, 'policy-violation'), chat()]);
      }
    });

    it('text between stanzas is invalid-xml', async () => {
      const client = await reach('tcp');
      client.send('but soft');
      await endsWith(client, 'invalid-xml');
    });

    it('the content namespace of servers is invalid-namespace (§4.8.3)', async () => {
      for (const transport of BOTH) {
        const client = await reach(transport);
        client.send(`<message xmlns='jabber:server' to='romeo@${DOMAIN}'><body>psst</body></message>`);
        await endsWith(client, 'invalid-namespace');
      }
    });

    it("the client's own stream error is answered with the end of the stream only (§4.9.1.1)", async () => {
      for (const transport of BOTH) {
        const client = await reach(transport);
        client.send(
          `<stream:error xmlns:stream='${STREAMS}'><undefined-condition xmlns='${CONDITIONS}'/></stream:error>`,
        );
        assert.equal((await client.ended()).endTag, true);
        assert.equal(
          client.history.some((e) => e.name === 'error'),
          false,
        );
      }
    });

    it('an element that is no stanza', async () => {
      const client = await reach('tcp');
      client.send("<note xmlns='urn:x' to='romeo@localhost'/>");
      // §4.9.3.12: whoever is nobody yet may not send data at all.
      await endsWith(client, stage === 'bound' ? 'unsupported-stanza-type' : 'not-authorized');
    });
  });
}

describe('RFC 7395 framing', () => {
  it('§3.2 a binary frame closes the WebSocket with 1003', async () => {
    const { host, port } = world.endpoint('ws');
    const socket = new WebSocket(`ws://${host}:${port}${WEBSOCKET_PATH}`, ['xmpp']);
    await once(socket, 'open');
    socket.send(Buffer.from(openTag(`to='${DOMAIN}' version='1.0'`)), { binary: true });
    const [code] = await once(socket, 'close');
    assert.equal(code, 1003);
  });

  for (const [title, frame] of [
    ['half an element', "<message xmlns='jabber:client'><body>and"],
    ['two elements', "<presence xmlns='jabber:client'/><presence xmlns='jabber:client'/>"],
    ['white space first', " <presence xmlns='jabber:client'/>"],
    ['nothing', ''],
  ] as const) {
    it(`${title} in a frame is not-well-formed`, async () => {
      const client = await bound('ws');
      client.send(frame);
      await endsWith(client, 'not-well-formed');
    });
  }

  it('a stanza without a namespace is unsupported-stanza-type', async () => {
    const client = await bound('ws');
    client.send('<message><body>where am I</body></message>');
    await endsWith(client, 'unsupported-stanza-type');
  });

  it('a second <open/> on a bound stream is refused', async () => {
    const client = await bound('ws');
    client.sendHead(DOMAIN);
    await endsWith(client, 'unsupported-stanza-type');
  });

  it('starttls fails: TLS is below the WebSocket (§3.9)', async () => {
    const client = await connect('ws');
    const features = await client.openStream();
    assert.equal(
      features.children.some((c) => typeof c !== 'string' && c.name === 'starttls'),
      false,
    );
    client.send(`<starttls xmlns='${TLS}'/>`);
    await client.receives`<failure xmlns='${TLS}'/>`;
    assert.equal((await client.ended()).endTag, true);
  });

  it('each frame is a document of its own', async () => {
    const client = await bound('ws');
    assert.deepEqual(client.faults, []);
    await client.close();
  });
});

describe('STARTTLS (RFC 6120 §5)', () => {
  it('what came in clear behind <starttls/> is dropped, also a whole stream header', async () => {
    const client = await opened('tcp');
    const injected = streamTag(
      `to='${DOMAIN}' version='1.0'`,
      `<auth xmlns='${SASL}' mechanism='PLAIN'>${plain('romeo')}</auth>`,
    );
    client.send(`<starttls xmlns='${TLS}'/>${injected}`);
    await client.receives`<proceed xmlns='${TLS}'/>`;
    await client.channel.startTls(DOMAIN);
    // Taken for a part of the encrypted stream it would answer first, or when the login below has made the server wait.
    const before = client.history.length;
    await client.openStream();
    await client.authenticate('romeo', PASSWORD, 'PLAIN');
    await client.openStream();
    await client.bind('tls');
    await client.ping();
    assert.deepEqual(
      client.history.slice(before).map((e) => e.name),
      ['stream', 'features', 'success', 'stream', 'features', 'iq', 'iq'],
    );
    await client.close();
  });

  it('a second one fails, and the stream is closed (§5.4.2.2)', async () => {
    const client = await opened('tcp');
    await client.startTls();
    const features = await client.openStream();
    assert.equal(
      features.children.some((c) => typeof c !== 'string' && c.name === 'starttls'),
      false,
    );
    client.send(`<starttls xmlns='${TLS}'/>`);
    await client.receives`<failure xmlns='${TLS}'/>`;
    assert.equal((await client.ended()).endTag, true);
    assert.equal(
      client.history.some((e) => e.name === 'error'),
      false,
    );
  });
});

describe('SASL (RFC 6120 §6)', () => {
  const failure = (condition: string) => `<failure xmlns='${SASL}'><${condition}/></failure>`;
  const auth = (mechanism: string, text: string) => `<auth xmlns='${SASL}' mechanism='${mechanism}'>${text}</auth>`;

  it('§6.5.7 an unknown mechanism, or none', async () => {
    const client = await opened('tcp');
    client.send(auth('CRAM-MD5', ''));
    await client.receive(failure('invalid-mechanism'));
    client.send(`<auth xmlns='${SASL}'/>`);
    await client.receive(failure('invalid-mechanism'));
    await client.authenticate('romeo', PASSWORD, 'PLAIN');
    await client.destroy();
  });

  for (const [title, text] of [
    ['not base64', '<>'.replace(/./g, '*')],
    ['without padding', 'AGE'],
    ['padding bits that are not zero', 'AGFhYR=='],
    ['white space', ' AGE='],
  ] as const) {
    it(`§6.5.5 ${title} is incorrect-encoding`, async () => {
      const client = await opened('tcp');
      client.send(auth('PLAIN', text));
      await client.receive(failure('incorrect-encoding'));
      await client.destroy();
    });
  }

  it('§6.5.8 data that the mechanism cannot read is malformed-request', async () => {
    const client = await opened('tcp');
    client.send(auth('PLAIN', Buffer.from('no nul').toString('base64')));
    await client.receive(failure('malformed-request'));
    await client.destroy();
  });

  it('§6.4.4 abort, in the middle and before the beginning', async () => {
    const client = await opened('tcp');
    client.send(auth('PLAIN', ''));
    await client.receives`<challenge xmlns='${SASL}'/>`;
    client.send(`<abort xmlns='${SASL}'/>`);
    await client.receive(failure('aborted'));
    client.send(`<abort xmlns='${SASL}'/>`);
    await client.receive(failure('aborted'));
    await client.authenticate('romeo', PASSWORD, 'PLAIN');
    await client.destroy();
  });

  it('§6.4.2 another <auth/> discards the handshake that is under way', async () => {
    const client = await opened('tcp');
    client.send(auth('SCRAM-SHA-1', Buffer.from('n,,n=romeo,r=abc').toString('base64')));
    await client.receives`<challenge xmlns='${SASL}'>…</challenge>`;
    await client.authenticate('romeo', PASSWORD, 'PLAIN');
    await client.destroy();
  });

  it('a response to nothing is malformed-request', async () => {
    const client = await opened('tcp');
    client.send(`<response xmlns='${SASL}'>AAAA</response>`);
    await client.receive(failure('malformed-request'));
    await client.destroy();
  });

  it('§6.4.5 three failures end the stream with policy-violation', async () => {
    for (const transport of BOTH) {
      const client = await opened(transport);
      for (let i = 0; i < 3; i++) {
        client.send(auth('PLAIN', plain('romeo', 'wrong')));
        await client.receive(failure('not-authorized'));
      }
      await Promise.all([endsWith(client, 'policy-violation'), chat()]);
    }
  });

  it('§6.4.6 who claimed, in TLS, to be somebody else is invalid-from', async () => {
    for (const [from, outcome] of [
      ['juliet', 'invalid-from'],
      ['romeo', 'success'],
    ] as const) {
      const client = await Client.connect(world.endpoint('tls'), DOMAIN);
      client.send(streamTag(`to='${DOMAIN}' version='1.0' from='${from}@${DOMAIN}'`));
      await client.receives`<stream:features/>`;
      client.send(auth('PLAIN', plain('romeo')));
      if (outcome === 'success') await client.receives`<success xmlns='${SASL}'/>`;
      else await endsWith(client, outcome);
      await client.destroy();
    }
  });

  it('a second login on a stream that has one is refused', async () => {
    const client = await authenticated('tcp');
    client.send(auth('PLAIN', plain('romeo')));
    await endsWith(client, 'not-authorized');
  });
});

describe('stanzas too early', () => {
  for (const stanza of [
    `<message to='romeo@${DOMAIN}'><body>hi</body></message>`,
    '<presence/>',
    "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
    `<iq type='set' id='1'><bind xmlns='${BIND}'/></iq>`,
    `<iq type='get' id='1' to='verona.invalid'><query xmlns='jabber:iq:register'/></iq>`,
  ]) {
    it(`§4.9.3.12 before authentication: ${stanza.slice(0, 40)}`, async () => {
      for (const transport of BOTH) {
        const client = await opened(transport);
        client.sendXml(stanza);
        await Promise.all([endsWith(client, 'not-authorized'), chat()]);
      }
    });
  }

  for (const stanza of [
    `<message to='romeo@${DOMAIN}'><body>hi</body></message>`,
    '<presence/>',
    "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
    `<iq type='set' id='1' to='romeo@${DOMAIN}'><bind xmlns='${BIND}'/></iq>`,
  ]) {
    it(`§7.1 before the bind: ${stanza.slice(0, 40)}`, async () => {
      for (const transport of BOTH) {
        const client = await authenticated(transport);
        client.sendXml(stanza);
        await Promise.all([endsWith(client, 'not-authorized'), chat()]);
      }
    });
  }

  it('XEP-0077 registration is possible before authentication', async () => {
    for (const transport of BOTH) {
      const client = await opened(transport);
      await client.register(`newcomer-${transport}`, PASSWORD);
      await client.authenticate(`newcomer-${transport}`, PASSWORD, 'SCRAM-SHA-256');
      await client.destroy();
    }
  });

  it('too many registrations on one stream are policy-violation', async () => {
    const client = await opened('tcp');
    for (let i = 0; i < 6; i++) client.send(`<iq type='get' id='r${i}'><query xmlns='jabber:iq:register'/></iq>`);
    await client.receives`<iq type='result' id='r4'/>`;
    await endsWith(client, 'policy-violation');
  });
});

describe('binding (RFC 6120 §7)', () => {
  const bind = (id: string, inner: string, more = '') =>
    `<iq type='set' id='${id}' ${more}><bind xmlns='${BIND}'>${inner}</bind></iq>`;
  const error = (condition: string) => `<error><${condition} xmlns='${STANZAS}'/></error>`;

  it('§7.7.2.1, §7.7.3 a resource that cannot be is bad-request; after too many the stream ends', async () => {
    const client = await authenticated('tcp');
    const tooLong = `<resource>${'x'.repeat(1_024)}</resource>`;
    let refused = 0;
    for (; refused < 20 && !client.closed; refused++) {
      client.send(bind(`b${refused}`, tooLong));
      await client.receive(`<iq type='error' id='b${refused}'>${error('bad-request')}</iq>`);
      if (client.unread.length > 0) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await endsWith(client, 'policy-violation');
    assert.ok(refused >= 5 && refused <= 10, `${refused} retries`);
  });

  it('a bind that cannot be read is an error, and may be tried again', async () => {
    const client = await authenticated('tcp');
    client.send(bind('b1', '', "to='@@'"));
    await client.receive(`<iq type='error' id='b1'>${error('jid-malformed')}</iq>`);
    client.send(`<iq type='set' id='b2'><bind xmlns='${BIND}'/><bind xmlns='${BIND}'/></iq>`);
    await client.receive(`<iq type='error' id='b2'>${error('bad-request')}</iq>`);
    await client.bind('tomb');
    await client.close();
  });

  it('§8.1.1.1 the answer is for the client, whatever it said its address was', async () => {
    const client = await authenticated('tcp');
    client.send(bind('b1', '<resource>tomb</resource>', "from='juliet@localhost/balcony'"));
    const answer = await client.receives`<iq type='result' id='b1'/>`;
    assert.equal(answer.attrs.to ?? `paris@${DOMAIN}/tomb`, `paris@${DOMAIN}/tomb`);
    await client.close();
  });

  it('§7.6.2.2 a second bind on one stream is not-allowed', async () => {
    for (const transport of BOTH) {
      const client = await bound(transport);
      client.sendXml(bind('again', '<resource>other</resource>'));
      await client.receive(`<iq type='error' id='again'>${error('not-allowed')}</iq>`);
      await client.ping();
      await client.close();
    }
  });
});

describe('stanzas that are refused, on a stream that lives', () => {
  const error = (kind: string, id: string, condition: string) =>
    `<${kind} type='error' id='${id}'><error><${condition} xmlns='${STANZAS}'/></error></${kind}>`;
  const cases: readonly (readonly [string, string, string])[] = [
    ['jid-malformed', 'message', "<message id='x' to='@@'><body>x</body></message>"],
    ['jid-malformed', 'iq', "<iq id='x' type='get' to='a@b@c'><ping xmlns='urn:xmpp:ping'/></iq>"],
    ['jid-malformed', 'presence', "<presence id='x' to='@'/>"],
    ['remote-server-not-found', 'message', "<message id='x' to='a@verona.invalid'><body>x</body></message>"],
    ['remote-server-not-found', 'iq', "<iq id='x' type='get' to='verona.invalid'><ping xmlns='urn:xmpp:ping'/></iq>"],
    ['service-unavailable', 'message', `<message id='x' to='${DOMAIN}'><body>x</body></message>`],
    [
      'service-unavailable',
      'message',
      `<message id='x' type='groupchat' to='romeo@${DOMAIN}'><body>x</body></message>`,
    ],
    ['service-unavailable', 'iq', "<iq id='x' type='get'><query xmlns='urn:x'/></iq>"],
    ['service-unavailable', 'iq', `<iq id='x' type='get' to='nobody@${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`],
    [
      'service-unavailable',
      'iq',
      `<iq id='x' type='get' to='paris@${DOMAIN}/nowhere'><ping xmlns='urn:xmpp:ping'/></iq>`,
    ],
    ['bad-request', 'iq', "<iq id='x'><ping xmlns='urn:xmpp:ping'/></iq>"],
    ['bad-request', 'iq', "<iq id='x' type='ask'><ping xmlns='urn:xmpp:ping'/></iq>"],
    ['bad-request', 'iq', "<iq id='x' type='get'/>"],
    ['bad-request', 'iq', "<iq id='x' type='get'><ping xmlns='urn:xmpp:ping'/><ping xmlns='urn:xmpp:ping'/></iq>"],
    ['bad-request', 'presence', "<presence id='x' type='here'/>"],
    ['bad-request', 'presence', "<presence id='x'><priority>128</priority></presence>"],
  ];
  for (const [condition, kind, stanza] of cases) {
    it(`${stanza.slice(0, 70)} → ${condition}`, async () => {
      for (const transport of BOTH) {
        const client = await bound(transport);
        client.sendXml(stanza);
        await client.receive(error(kind, 'x', condition));
        await client.ping();
        await client.close();
      }
    });
  }

  it('an iq without an id has an error without one', async () => {
    const client = await bound('tcp');
    client.send("<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>");
    const answer = await client.receives`<iq type='error'/>`;
    assert.equal(answer.attrs.id ?? '', '');
    await client.close();
  });

  it('§8.3.1 an error is never answered with an error', async () => {
    const client = await bound('tcp');
    client.send("<message type='error' to='@@'><body>x</body></message>");
    client.send("<message type='error' to='a@verona.invalid'><body>x</body></message>");
    client.send("<iq type='error' id='1'/><iq type='result' id='2'><a/><b/></iq>");
    client.send("<presence type='error' to='romeo@localhost'/>");
    await client.receivesNothing();
    await client.close();
  });

  it('§4.9.3.9 a forged sender is invalid-from, and nothing behind it is handled', async () => {
    for (const transport of BOTH) {
      const client = await bound(transport);
      client.sendXml(`<message from='juliet@${DOMAIN}' to='${romeo.jid}'><body>forged</body></message>`);
      client.sendXml(`<message to='${romeo.jid}'><body>behind</body></message>`);
      await endsWith(client, 'invalid-from');
      await chat();
      assert.equal(
        romeo.history.some((e) => e.attrs.from?.startsWith('paris@')),
        false,
      );
    }
  });

  it('§8.1.2.1 one may name oneself, in any spelling', async () => {
    const client = await bound('tcp');
    for (const from of [client.jid, `paris@${DOMAIN}`, `Paris@LOCALHOST/tomb`]) {
      await client.sends`<message from='${from}' to='${romeo.jid}' type='chat'><body>it is I</body></message>`;
      await romeo.receives`<message from='${client.jid}'><body>it is I</body></message>`;
    }
    await client.close();
  });
});
