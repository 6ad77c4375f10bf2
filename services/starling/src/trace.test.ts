import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { type Client, type LocalSystem, login, registerAccount, startCluster } from '@starling/testkit';

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
});
after(async () => {
  await system.stop();
  collector.close();
});

async function online(edge: string, username: string): Promise<Client> {
  const endpoint = { transport: 'tcp', host: '127.0.0.1', port: system.process(edge).c2s ?? 0 } as const;
  await registerAccount(endpoint, 'localhost', username, 'secret').catch(() => undefined);
  const client = await login(endpoint, 'localhost', { username, password: 'secret', resource: edge });
  await client.sends`<presence/>`;
  await client.receives`<presence from='${client.jid}'/>`;
  return client;
}

async function until(isSo: () => boolean, what: () => string): Promise<void> {
  const deadlineMs = Date.now() + WAIT_MS;
  while (!isSo()) {
    assert.ok(Date.now() < deadlineMs, what());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a watched user’s message is one trace: accepted, appended twice, written twice, delivered by another edge', async () => {
  const romeo = await online('edge-1', 'romeo');
  const juliet = await online('edge-2', 'juliet');
  const nurse = await online('edge-1', 'nurse');
  await nurse.sends`<message to='${juliet.jid}' type='chat'><body>not for collectors</body></message>`;
  await juliet.receives`<message><body>not for collectors</body></message>`;
  await romeo.sends`<message to='${juliet.jid}' type='chat'><body>wherefore</body></message>`;
  await juliet.receives`<message><body>wherefore</body></message>`;
  const lines = () => seen.map(({ name, process }) => `${name} ${process.replace(/-\d+$/, '')}`).sort();
  await until(
    () => seen.length >= 6 && seen.some(({ process }) => process === 'edge-2'),
    () => lines().join(', '),
  );
  const roots = seen.filter(({ parentSpanId }) => !parentSpanId);
  assert.deepEqual(
    roots.map(({ name, process }) => [name, process]),
    [['message accepted', 'edge-1']],
  );
  for (const { traceId, parentSpanId, spanId } of seen) {
    assert.equal(traceId, roots[0]?.traceId);
    if (spanId !== roots[0]?.spanId) assert.equal(parentSpanId, roots[0]?.spanId);
  }
  assert.deepEqual(
    lines().filter((line) => !line.startsWith('message delivered edge')),
    [
      ...['entry written archive', 'entry written archive', 'log append edge', 'log append edge'],
      'message accepted edge',
    ],
  );
  assert.ok(seen.some(({ name, process }) => name === 'message delivered' && process === 'edge-2'));
  const all = bodies.join();
  for (const secret of ['wherefore', 'romeo@', 'juliet@']) assert.ok(!all.includes(secret), secret);
});
