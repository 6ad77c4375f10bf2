import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Client, type LocalSystem, login, startCluster } from '@starling/testkit';
import { EXIT } from './exit-codes.ts';
import { runCommand } from './testing/run-command.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'starling-operators-test-'));
let system: LocalSystem;
before(async () => {
  system = await startCluster({ dataDir, edges: 2, restart: true });
  for (const name of ['alice', 'bob']) await starling('user', 'add', name, 'secret');
});
after(async () => {
  await system?.stop();
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

const starling = (...args: string[]) => runCommand(args, { dataDir });

async function device(username: string, resource: string, edge: number): Promise<Client> {
  const endpoint = { transport: 'tcp', host: '127.0.0.1', port: system.edges[edge]?.c2s ?? 0 } as const;
  const client = await login(endpoint, 'localhost', { username, password: 'secret', resource });
  await client.manage();
  await client.sends`<presence/>`;
  await client.receives`<presence from='${client.jid}'/>`;
  return client;
}

interface Listed {
  readonly edges: readonly { readonly edge: string; readonly total: number }[];
  readonly sessions: readonly { readonly jid: string; readonly edge: string; readonly resumable: boolean }[];
  readonly next: string | null;
}

test('operators look at sessions, watch one user, end a session and let edges hand over', async (t) => {
  const [phone, laptop] = [await device('alice', 'phone', 0), await device('alice', 'laptop', 1)];
  const bob = await device('bob', 'home', 0);
  t.after(() => Promise.all([phone, laptop, bob].map((client) => client.destroy())));

  await t.test('session list: of a user, of an edge, by pages', async () => {
    const { out } = await starling('session', 'list', 'alice', '--json');
    const { edges, sessions, next } = JSON.parse(out) as Listed;
    assert.deepEqual(
      sessions.map(({ jid, edge, resumable }) => [jid, edge, resumable]),
      [
        ['alice@localhost/laptop', 'edge-2', true],
        ['alice@localhost/phone', 'edge-1', true],
      ],
    );
    assert.equal(next, null);
    assert.deepEqual(
      edges.map(({ edge, total }) => [edge, total]),
      [
        ['edge-1', 2],
        ['edge-2', 1],
      ],
    );
    const page = await starling('session', 'list', '--edge', 'edge-1', '--limit', '1');
    assert.match(page.out, /^edge-1 {2}alice@localhost\/phone {2}available, priority 0, /);
    assert.match(page.out, /--after 'alice@localhost\/phone'/);
    const second = await starling('session', 'list', '--edge', 'edge-1', '--after', 'alice@localhost/phone');
    assert.match(second.out, /^edge-1 {2}bob@localhost\/home/);
    assert.equal((await starling('session', 'list', '--edge', 'edge-9')).code, EXIT.data);
  });

  await t.test('watch: what comes, and nothing of what it says', async () => {
    const watching = starling('watch', 'alice', '--json', '--count', '1');
    const stop = setInterval(() => {
      void bob.sends`<message to='alice@localhost' type='chat'><body>the secret</body></message>`;
    }, 300);
    const { out, code } = await watching;
    clearInterval(stop);
    assert.equal(code, EXIT.ok);
    const event = JSON.parse(out) as { kind: string; fate: string; hops: { at: string; where: string }[] };
    assert.deepEqual([event.kind, event.fate], ['message', 'archived']);
    assert.deepEqual(
      event.hops.map(({ at }) => at),
      ['session', 'log', 'feed'],
    );
    assert.match(event.hops[0]?.where ?? '', /^edge-1\//);
    assert.ok(!out.includes('secret') && !out.includes('bob'));
  });

  await t.test('top: each process once, with what it has', async () => {
    const svg = join(dataDir, 'top.svg');
    const { out } = await starling('top', '--once', '--json', '--interval', '1s', '--svg', svg);
    const view = JSON.parse(out) as { rows: { id: string; ready: boolean; sessions?: number; memoryBytes: number }[] };
    assert.deepEqual(
      view.rows.map(({ id, ready, sessions }) => [id, ready, sessions]),
      [
        ['edge-1', true, 2],
        ['edge-2', true, 1],
        ['presence-1', true, undefined],
        ['roster-1', true, undefined],
        ['archive-1', true, undefined],
      ],
    );
    assert.ok(view.rows.every(({ memoryBytes }) => memoryBytes > 0));
    assert.match(readFileSync(svg, 'utf8'), /^<svg /);
  });

  await t.test('session kick: the client hears why and cannot resume', async () => {
    assert.equal((await starling('session', 'kick', 'alice')).code, EXIT.usage);
    assert.equal((await starling('session', 'kick', 'alice@localhost/nowhere')).code, EXIT.data);
    const { out } = await starling('session', 'kick', 'alice@localhost/laptop', '--reason', 'lost device');
    assert.equal(out, 'alice@localhost/laptop ended on edge-2\n');
    await laptop.receives`<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>lost device</text></stream:error>`;
    await laptop.ended();
  });

  await t.test('drain --all: one edge after the other, each back before the next', async () => {
    const { out, err, code } = await starling('drain', '--all', '--timeout', '40s');
    assert.equal(code, EXIT.ok, err);
    assert.match(
      out,
      /edge-1: hands over \d+ sessions[\s\S]*edge-1: replaced [\s\S]*edge-2: hands over[\s\S]*edge-2: replaced /,
    );
    await phone.ended();
    const endpoint = { transport: 'tcp', host: '127.0.0.1', port: system.edges[1]?.c2s ?? 0 } as const;
    const client = await login(endpoint, 'localhost', { username: 'bob', password: 'secret', resource: 'new' });
    await client.destroy();
    assert.equal((await starling('drain')).code, EXIT.usage);
    assert.equal((await starling('drain', 'edge-9')).code, EXIT.data);
  });
});

test('what does not run cannot be operated', async () => {
  const { code, err } = await runCommand(['session', 'list'], { dataDir: join(dataDir, 'none') });
  assert.equal(code, EXIT.unavailable);
  assert.match(err, /nothing runs in/);
});
