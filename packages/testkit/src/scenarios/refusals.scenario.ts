import assert from 'node:assert/strict';
import type { Client } from '../client.ts';
import { type ScenarioOptions, scenario } from '../scenario.ts';
import type { Scene } from '../scene.ts';
import { STREAMS } from '../stream-reader.ts';

// What is refused, and how, while two others talk on the same edges: neither may notice anything.

const ALL: ScenarioOptions = { edges: [1, 3], transports: ['tcp', 'tls', 'ws'] };
const CONDITIONS = 'urn:ietf:params:xml:ns:xmpp-streams';
/** Messages of the bystanders, before, during and after. */
const ROUNDS = 2;
const TEN_MEGABYTES = 10 * 2 ** 20;

async function talk(scene: Scene): Promise<void> {
  const [nurse, peter] = [await scene.nurse.online(), await scene.person('peter').online()];
  for (let i = 0; i < ROUNDS; i++) {
    await nurse.sends`<message to='${peter.jid}' type='chat'><body>anon, ${i}</body></message>`;
    await peter.receives`<message from='${nurse.jid}'><body>anon, ${i}</body></message>`;
    await peter.sends`<message to='${nurse.jid}' type='chat'><body>before ${i}</body></message>`;
    await nurse.receives`<message from='${peter.jid}'><body>before ${i}</body></message>`;
  }
}

/** A scenario with bystanders: they talk before, meanwhile and after. */
function beside(title: string, options: ScenarioOptions, play: (scene: Scene) => Promise<void>): void {
  scenario(title, options, async (scene) => {
    await talk(scene);
    await Promise.all([play(scene), talk(scene)]);
    await talk(scene);
  });
}

/** The stream must end with this condition and an end tag (RFC 6120 §4.9.1.1). */
async function endsWith(client: Client, condition: string): Promise<void> {
  await client.receive(`<stream:error><${condition} xmlns='${CONDITIONS}'/></stream:error>`);
  assert.equal((await client.ended()).endTag, true, 'the end tag follows the error');
}

/** What each client may send to a bound stream, or before it has authenticated. */
const FATAL: readonly { readonly title: string; readonly text: string; readonly condition: string }[] = [
  { title: '§4.9.3.13 not well-formed', text: "<message to='a@b'><body>oops</message>", condition: 'not-well-formed' },
  { title: '§4.9.3.13 an unbound prefix', text: '<x:message/>', condition: 'not-well-formed' },
  {
    title: '§11.1 an entity that is not predefined',
    text: '<message><body>&nbsp;</body></message>',
    condition: 'restricted-xml',
  },
  { title: '§11.1 a DTD', text: "<!DOCTYPE message [<!ENTITY a 'b'>]><message/>", condition: 'restricted-xml' },
  { title: '§11.1 a comment', text: '<message><!-- aside --></message>', condition: 'restricted-xml' },
  { title: '§11.1 a processing instruction', text: '<message><?php echo 1 ?></message>', condition: 'restricted-xml' },
];

for (const { title, text, condition } of FATAL) {
  beside(`RFC 6120 ${title} ends a session with ${condition}`, ALL, async ({ romeo }) => {
    const client = await romeo.device('fatal');
    client.sendXml(text);
    await endsWith(client, condition);
  });

  beside(`RFC 6120 ${title} ends a stream before authentication with ${condition}`, { edges: [1] }, async (scene) => {
    const client = await scene.connect();
    await client.negotiate();
    client.sendXml(text);
    await endsWith(client, condition);
  });
}

beside(
  'RFC 6120 §13.12 a stanza of 10 MB ends with policy-violation, before all of it is read',
  ALL,
  async ({ romeo }) => {
    const client = await romeo.device('large');
    client.sendXml(`<message to='${romeo.jid}' type='chat'><body>${'x'.repeat(TEN_MEGABYTES)}</body></message>`);
    await endsWith(client, 'policy-violation');
  },
);

beside('RFC 6120 §13.12 a stanza of 10,000 bytes is no problem', ALL, async ({ romeo }) => {
  const client = await romeo.device('fair');
  const body = 'ä'.repeat(4_900);
  await client.sends`<message to='${client.jid}' type='chat'><body>${body}</body></message>`;
  await client.receives`<message><body>${body}</body></message>`;
});

beside('RFC 6120 §4.9.3.6 an unknown host is host-unknown', ALL, async (scene) => {
  const client = await scene.connect();
  client.sendHead('verona.invalid');
  await endsWith(client, 'host-unknown');
});

for (const stanza of [
  "<message to='a@localhost'><body>hi</body></message>",
  '<presence/>',
  "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
]) {
  const name = /<(\w+)/.exec(stanza)?.[1];
  beside(`RFC 6120 §4.9.3.12 ${name} before authentication is not-authorized`, ALL, async (scene) => {
    const client = await scene.connect();
    await client.negotiate();
    client.sendXml(stanza);
    await endsWith(client, 'not-authorized');
  });
}

beside('RFC 6120 §7.1 a message before the bind is not-authorized', ALL, async (scene) => {
  await scene.romeo.register();
  const client = await scene.connect();
  await client.negotiate();
  await client.authenticate(scene.romeo.username, scene.romeo.password);
  await client.openStream();
  await client.sends`<message to='${scene.nurse.jid}' type='chat'><body>too early</body></message>`;
  await endsWith(client, 'not-authorized');
});

beside('RFC 6120 §4.9.3.24 a stanza of an unknown kind is unsupported-stanza-type', ALL, async ({ romeo }) => {
  const client = await romeo.device('odd');
  client.sendXml('<letter/>');
  await endsWith(client, 'unsupported-stanza-type');
});

beside('RFC 6120 §4.9.3.9 a forged sender is invalid-from', ALL, async (scene) => {
  const client = await scene.romeo.device('forger');
  await client.sends`<message from='${scene.juliet.jid}' to='${scene.nurse.jid}' type='chat'><body>not me</body></message>`;
  await endsWith(client, 'invalid-from');
});

beside(
  'RFC 6120 §4.9.3.10 another stream namespace is invalid-namespace',
  { edges: [1], transports: ['tcp', 'tls'] },
  async (scene) => {
    const client = await scene.connect();
    client.send(
      `<stream:stream xmlns='jabber:client' xmlns:stream='urn:not:${STREAMS}' to='${scene.world.domain}' version='1.0'>`,
    );
    await endsWith(client, 'invalid-namespace');
  },
);

beside('RFC 6120 §4.9.3.25 a version before 1.0 is unsupported-version', { edges: [1] }, async (scene) => {
  const client = await scene.connect();
  const to = scene.world.domain;
  if (scene.transport === 'ws')
    client.send(`<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${to}' version='0.9'/>`);
  else client.send(`<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' to='${to}'>`);
  await endsWith(client, 'unsupported-version');
});

beside(
  'RFC 6120 §4.9.3.13 something that is not XMPP at all',
  { edges: [1], transports: ['tcp', 'tls'] },
  async (scene) => {
    const client = await scene.connect();
    client.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.ok(await client.ended());
  },
);

beside(
  'RFC 7395 §3.3.3 a frame with half an element is not-well-formed',
  { edges: [1, 3], transports: ['ws'] },
  async ({ romeo }) => {
    const client = await romeo.device('half');
    client.send("<message xmlns='jabber:client'><body>and");
    await endsWith(client, 'not-well-formed');
  },
);

beside(
  'RFC 7395 §3.3.3 a stanza without a namespace is an error, and only for its sender',
  { edges: [1], transports: ['ws'] },
  async ({ romeo }) => {
    const client = await romeo.device('nowhere');
    client.send('<message><body>where am I</body></message>');
    assert.ok(await client.ended());
  },
);

beside('RFC 6120 §8.3.3 errors of stanzas go to their sender, and the session lives', ALL, async (scene) => {
  const client = await scene.romeo.device('careless');
  const error = (condition: string) => `<error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`;
  client.sendXml("<iq type='get' id='no-payload'/>");
  await client.receive(`<iq type='error' id='no-payload'>${error('bad-request')}</iq>`);
  client.sendXml("<iq type='get' id='unknown'><query xmlns='urn:unknown'/></iq>");
  await client.receive(`<iq type='error' id='unknown'>${error('service-unavailable')}</iq>`);
  client.sendXml("<message id='bad-to' to='@@'><body>x</body></message>");
  await client.receive(`<message type='error' id='bad-to'>${error('jid-malformed')}</message>`);
  client.sendXml(`<message id='${'x'.repeat(2_000)}' to='nurse@localhost'><body>x</body></message>`);
  await client.receive(`<message type='error'>${error('policy-violation')}</message>`);
  client.sendXml(`<message id='anew' xmlns:q='${'u'.repeat(1_000)}'>${'<q:a/>'.repeat(5_000)}</message>`);
  await client.receive(`<message type='error'>${error('policy-violation')}</message>`);
  client.sendXml(`<presence id='large'><status>${'x'.repeat(100_000)}</status></presence>`);
  await client.receive(`<presence type='error' id='large'>${error('policy-violation')}</presence>`);
  client.sendXml("<message id='far' to='a@elsewhere.invalid'><body>x</body></message>");
  await client.receive(`<message type='error' id='far'>${error('remote-server-not-found')}</message>`);
  await client.ping();
});
