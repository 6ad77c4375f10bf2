import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { befriend, Client, type LocalSystem, login, registerAccount, startCluster } from '@starling/testkit';

const WAIT_MS = 20_000;
const ROMEO = 'romeo@localhost';

/** Of OTLP's JSON, what is of use here. */
interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}
interface OtlpSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly Attribute[];
}
interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}
interface Seen extends OtlpSpan {
  readonly process: string;
}

const seen: Seen[] = [];
const bodies: string[] = [];
const collector = createServer((request, response) => {
  void text(request).then((body) => {
    bodies.push(body);
    for (const { resource, scopeSpans } of (JSON.parse(body) as Sent).resourceSpans) {
      const process = resource.attributes.find(({ key }) => key === 'service.instance.id')?.value.stringValue;
      for (const { spans } of scopeSpans) for (const span of spans) seen.push({ ...span, process: String(process) });
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
});

let system: LocalSystem;
let romeo: Client;
let juliet: Client;
before(async () => {
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  system = await startCluster({
    edges: 2,
    settings: {
      STARLING_TRACE_URL: `http://127.0.0.1:${port}/v1/traces`,
      STARLING_TRACE_USERS: ROMEO,
      STARLING_TRACE_INTERVAL: '50ms',
    },
  });
  romeo = await online('edge-1', 'romeo');
  juliet = await online('edge-2', 'juliet');
  await befriend(romeo, juliet);
});
after(async () => {
  await Promise.all([romeo, juliet].map((client) => client.destroy()));
  await system.stop();
  collector.close();
});

async function online(edge: string, username: string): Promise<Client> {
  const endpoint = endpointOf(edge);
  await registerAccount(endpoint, 'localhost', username, 'secret').catch(() => undefined);
  const client = await login(endpoint, 'localhost', { username, password: 'secret', resource: edge });
  await client.sends`<presence/>`;
  await client.receives`<presence from='${client.jid}'/>`;
  return client;
}

const endpointOf = (edge: string) =>
  ({ transport: 'tcp', host: '127.0.0.1', port: system.process(edge).c2s ?? 0 }) as const;

async function until(isSo: () => boolean, what: () => string): Promise<void> {
  const deadlineMs = Date.now() + WAIT_MS;
  while (!isSo()) {
    assert.ok(Date.now() < deadlineMs, what());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The hops of the trace that begins with such a one, as `name process`, when these are there; none has a number behind its process but edges. */
async function traceOf(root: string, wanted: readonly string[]): Promise<readonly Seen[]> {
  let found: readonly Seen[] = [];
  const lines = () => found.map(lineOf).sort();
  const look = () => {
    const traces = seen
      .filter(({ name, parentSpanId }) => name === root && !parentSpanId)
      .map(({ traceId }) => traceId);
    found = [];
    return traces.some((id) => {
      found = seen.filter(({ traceId }) => traceId === id);
      return wanted.every((line) => lines().includes(line));
    });
  };
  await until(look, () => `${wanted.join(', ')}: ${seen.map(lineOf).join(', ')}`);
  return found;
}
const lineOf = ({ name, process }: Seen) => `${name} ${process.replace(/^(archive|presence)-\d+$/, '$1')}`;

test('a watched user’s message is one trace: accepted, appended twice, written twice, delivered by another edge', async () => {
  const nurse = await online('edge-1', 'nurse');
  await nurse.sends`<message to='${juliet.jid}' type='chat'><body>not for collectors</body></message>`;
  await juliet.receives`<message><body>not for collectors</body></message>`;
  await romeo.sends`<message to='${juliet.jid}' type='chat'><body>wherefore</body></message>`;
  await juliet.receives`<message><body>wherefore</body></message>`;
  const hops = await traceOf('message accepted', ['message delivered edge-2', 'entry written archive']);
  const [root] = hops.filter(({ parentSpanId }) => !parentSpanId);
  assert.equal(root?.process, 'edge-1');
  for (const { parentSpanId, spanId } of hops) if (spanId !== root.spanId) assert.equal(parentSpanId, root.spanId);
  const ours = () => seen.filter(({ traceId }) => traceId === root.traceId).map(lineOf);
  await until(
    () => ours().filter((line) => line === 'entry written archive').length === 2,
    () => ours().join(', '),
  );
  assert.deepEqual(
    ours()
      .filter((line) => !line.startsWith('message delivered'))
      .sort(),
    [
      ...['entry written archive', 'entry written archive', 'log append edge-1', 'log append edge-1'],
      'message accepted edge-1',
    ],
  );
  const all = bodies.join();
  for (const secret of ['wherefore', 'romeo@', 'juliet@']) assert.ok(!all.includes(secret), secret);
});

test('a broadcast presence: accepted, broadcast by its owner, shown by the edges of those who watch', async () => {
  await romeo.sends`<presence><show>away</show></presence>`;
  await juliet.receives`<presence from='${romeo.jid}'><show>away</show></presence>`;
  const hops = await traceOf('presence accepted', [
    ...['presence accepted edge-1', 'presence shown edge-1'],
    ...['presence broadcast presence', 'presence shown edge-2'],
  ]);
  const broadcast = hops.find(({ name }) => name === 'presence broadcast');
  assert.ok(hops.some(({ process, parentSpanId }) => process === 'edge-2' && parentSpanId === broadcast?.spanId));
});

test('a directed presence, a request to a resource, and one to the server', async () => {
  await romeo.sends`<presence to='${juliet.jid}'><status>here</status></presence>`;
  await juliet.receives`<presence from='${romeo.jid}'><status>here</status></presence>`;
  await traceOf('presence accepted', ['presence delivered edge-2']);
  await romeo.sends`<iq type='get' id='q1' to='${juliet.jid}'><ping xmlns='urn:xmpp:ping'/></iq>`;
  await juliet.receives`<iq type='get' id='q1' from='${romeo.jid}'><ping xmlns='urn:xmpp:ping'/></iq>`;
  await traceOf('iq accepted', ['iq delivered edge-2']);
  await romeo.sends`<iq type='get' id='q2' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`;
  await romeo.receives`<iq type='result' id='q2'/>`;
  await traceOf('iq answered', ['iq answered edge-1']);
});

test('a message that waits belongs to the same trace when it is delivered', async () => {
  await juliet.destroy();
  await romeo.receives`<presence type='unavailable' from='${juliet.jid}'/>`;
  await romeo.sends`<message to='juliet@localhost' type='chat'><body>for later</body></message>`;
  juliet = await online('edge-2', 'juliet');
  await juliet.receives`<message><body>for later</body></message>`;
  await traceOf('message accepted', ['message delivered late edge-2']);
});

test('a message that is read from the log again, where a session goes on, belongs to the same trace', async () => {
  await juliet.manage();
  await juliet.destroy();
  await romeo.sends`<message to='juliet@localhost' type='chat'><body>meanwhile</body></message>`;
  const again = await Client.connect(endpointOf('edge-1'), 'localhost');
  await again.negotiate();
  await again.authenticate('juliet', 'secret');
  await again.openStream();
  await again.resume(juliet);
  juliet = again;
  await juliet.receives`<message><body>meanwhile</body></message>`;
  const hops = await traceOf('message accepted', ['message replayed edge-1']);
  const replayed = hops.find(({ name }) => name === 'message replayed');
  assert.deepEqual(replayed?.attributes.find(({ key }) => key === 'starling.sent')?.value, { boolValue: true });
});
