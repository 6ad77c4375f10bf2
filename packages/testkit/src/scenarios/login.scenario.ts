import assert from 'node:assert/strict';
import { type Mechanism, RefusedError } from '../client.ts';
import { scenario } from '../scenario.ts';
import { childOf, textOf } from '../show-element.ts';

const MECHANISMS: readonly Mechanism[] = ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'PLAIN'];
const ALL = { edges: [1, 3], transports: ['tcp', 'tls', 'ws'] } as const;
const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';

scenario('RFC 6120 §6 every mechanism logs in, and the session works', ALL, async ({ romeo }) => {
  for (const mechanism of MECHANISMS) {
    const client = await romeo.device(mechanism.toLowerCase(), { mechanism });
    assert.equal(client.jid, `${romeo.jid}/${mechanism.toLowerCase()}`);
    assert.equal((await client.close()).endTag, true, 'RFC 6120 §4.4: a closing tag is answered with one');
  }
});

scenario('RFC 6120 §6.5.10 a wrong password is not-authorized, and may be tried again', ALL, async (scene) => {
  await scene.romeo.register();
  const client = await scene.connect();
  await client.negotiate();
  for (const mechanism of ['SCRAM-SHA-1', 'PLAIN'] as const) {
    await assert.rejects(client.authenticate(scene.romeo.username, 'wrong', mechanism), isRefusal('not-authorized'));
  }
  await client.authenticate(scene.romeo.username, scene.romeo.password);
  await client.openStream();
  await client.bind('second-thought');
});

scenario('RFC 6120 §6.4.5 the stream ends after too many wrong passwords', { edges: [1] }, async (scene) => {
  await scene.romeo.register();
  const client = await scene.connect();
  await client.negotiate();
  for (let i = 0; i < 5 && !client.has('<stream:error/>'); i++) {
    await client.authenticate(scene.romeo.username, `wrong${i}`, 'PLAIN').catch(isClosedOrRefused);
  }
  assert.equal((await client.ended()).endTag, true);
});

scenario('RFC 6120 §6.5.10 who does not exist looks like who has another password', ALL, async (scene) => {
  const [known, unknown] = [await scene.connect(), await scene.connect()];
  await scene.romeo.register();
  const failures: string[] = [];
  for (const [client, username] of [
    [known, scene.romeo.username],
    [unknown, scene.juliet.username],
  ] as const) {
    await client.negotiate();
    await client.authenticate(username, 'wrong', 'SCRAM-SHA-256').catch((e: RefusedError) => failures.push(e.message));
  }
  assert.equal(failures.length, 2);
  assert.equal(failures[0], failures[1]);
});

scenario('RFC 6120 §6.5.7 an unknown mechanism is refused', ALL, async (scene) => {
  const client = await scene.connect();
  await client.negotiate();
  client.send(`<auth xmlns='${SASL}' mechanism='DIGEST-MD5'/>`);
  await client.receives`<failure xmlns='${SASL}'><invalid-mechanism/></failure>`;
});

scenario('RFC 6120 §6.4.4 a login can be aborted', { edges: [1] }, async (scene) => {
  await scene.romeo.register();
  const client = await scene.connect();
  await client.negotiate();
  client.send(`<auth xmlns='${SASL}' mechanism='SCRAM-SHA-1'>${Buffer.from('n,,n=a,r=b').toString('base64')}</auth>`);
  await client.receives`<challenge xmlns='${SASL}'/>`;
  client.send(`<abort xmlns='${SASL}'/>`);
  await client.receives`<failure xmlns='${SASL}'><aborted/></failure>`;
  await client.authenticate(scene.romeo.username, scene.romeo.password);
});

scenario('RFC 6120 §4.3.2 the features say what comes next', ALL, async (scene) => {
  await scene.romeo.register();
  const client = await scene.connect();
  const before = await client.negotiate();
  const offered = childOf(before, 'mechanisms', SASL)?.children.map((c) => (typeof c === 'string' ? c : textOf(c)));
  for (const mechanism of MECHANISMS) assert.ok(offered?.includes(mechanism), `${mechanism} of ${offered}`);
  await client.authenticate(scene.romeo.username, scene.romeo.password);
  const behind = await client.openStream();
  assert.ok(childOf(behind, 'bind', 'urn:ietf:params:xml:ns:xmpp-bind'));
  assert.equal(childOf(behind, 'mechanisms', SASL), undefined, '§6.3.3: not offered again');
});

scenario('RFC 6120 §7.6 the server makes up a resource, a new one each time', ALL, async ({ romeo }) => {
  const resources = new Set<string>();
  for (let i = 0; i < 3; i++) resources.add((await romeo.device('', { available: false })).jid);
  assert.equal(resources.size, 3);
});

scenario('RFC 6120 §7.7.2.2 the newer session of a resource ends the older one', ALL, async ({ romeo }) => {
  const older = await romeo.device('balcony');
  const newer = await romeo.device('balcony');
  assert.equal(older.jid, newer.jid);
  await older.receives`<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`;
  assert.equal((await older.ended()).endTag, true);
  await newer.ping();
});

scenario(
  'RFC 6120 §5 the certificate of STARTTLS and of direct TLS is for the domain',
  { edges: [1], transports: ['tcp', 'tls'] },
  async (scene) => {
    const client = await scene.connect();
    await client.negotiate();
    const certificate = client.channel.certificate();
    const names = `${certificate?.subject.CN} ${certificate?.subjectaltname}`;
    assert.ok(names.includes(scene.world.domain), names);
  },
);

scenario('XEP-0077 a registration that cannot be is refused, and the next one goes', { edges: [1] }, async (scene) => {
  await scene.romeo.register();
  const client = await scene.connect();
  await client.negotiate();
  await assert.rejects(client.register(scene.romeo.username, 'x'), isRefusal('conflict'));
  await client.register(scene.juliet.username, scene.juliet.password);
  await client.authenticate(scene.juliet.username, scene.juliet.password);
  await client.openStream();
  await client.bind('fresh');
});

function isRefusal(condition: string): (error: unknown) => boolean {
  return (error) => error instanceof RefusedError && error.message.includes(`<${condition}`);
}

function isClosedOrRefused(error: unknown): void {
  assert.ok(error instanceof Error);
}
