import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isAlive, login, startCluster } from '@starling/testkit';
import { EXIT } from './exit-codes.ts';
import { runCommand } from './testing/run-command.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'starling-cluster-test-'));
// What a killed server was just writing may come once more.
after(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));

const user = (...args: string[]) => runCommand(['user', ...args], { dataDir });

test('a cluster on this machine, from its first start to its last', async (t) => {
  let system = await startCluster({ dataDir, edges: 2 });
  t.after(() => system.stop());
  const logIn = async (port: number) => {
    const endpoint = { transport: 'tcp', host: '127.0.0.1', port } as const;
    const client = await login(endpoint, 'localhost', { username: 'alice', password: 'secret', resource: 'test' });
    await client.destroy();
  };

  await t.test('the ready line has every process, and each is another one', () => {
    const counts: Record<string, number> = {};
    for (const { service } of system.ready.processes) counts[service] = (counts[service] ?? 0) + 1;
    assert.deepEqual(counts, { edge: 2, presence: 1, roster: 1, archive: 1, nats: 1, postgres: 1 });
    const pids = system.ready.processes.map((p) => p.pid);
    assert.equal(new Set(pids).size, pids.length);
    assert.ok(pids.every(isAlive));
    for (const edge of system.edges) assert.ok(edge.c2s && edge.c2sTls && edge.http && edge.admin);
  });

  await t.test('accounts, and every edge serves them', async () => {
    assert.deepEqual(await user('add', 'alice', 'secret'), { code: 0, out: 'alice@localhost added\n', err: '' });
    for (const edge of system.edges) await logIn(edge.c2s ?? 0);
    await logIn(system.ready.endpoints.c2s);
  });

  await t.test('tried out through its ports; also by its bus alone, as from a container', async () => {
    const port = String(system.ready.endpoints.c2s);
    const reach = ['try', '--host', '127.0.0.1', '--port', port];
    const { code, out, err } = await runCommand(reach, { dataDir });
    assert.equal(code, EXIT.ok, err);
    assert.match(out, /certificate is not trusted: DEPTH_ZERO_SELF_SIGNED_CERT[\s\S]*message there.*\n.*message back/);
    const nats = system.ready.processes.find(({ service }) => service === 'nats');
    const settings = { STARLING_NATS_URL: `nats://127.0.0.1:${nats?.port}` };
    const elsewhere = await runCommand(reach, { dataDir: join(dataDir, 'nothing'), settings });
    assert.equal(elsewhere.code, EXIT.ok, elsewhere.err);
    assert.equal((await user('list')).out, 'alice@localhost\n');
    const wrong = await runCommand(['try', '--host', '127.0.0.1', '--port', '1'], { dataDir });
    assert.equal(wrong.code, EXIT.unavailable);
    assert.match(wrong.err, /login of try-.*: the features of the stream did not come: .*ECONNREFUSED/);
    assert.equal((await user('list')).out, 'alice@localhost\n');
  });

  await t.test('when an edge is killed the others go on, on the same port', async () => {
    await system.kill('edge-1');
    for (let n = 0; n < 3; n++) await logIn(system.ready.endpoints.c2s);
    const response = await fetch(`http://127.0.0.1:${system.ready.endpoints.admin}/readyz`);
    assert.equal(response.status, 503);
    assert.match(await response.text(), /edge-1 not running/);
    assert.match(system.output, /"process_exited".*"process":"edge-1".*"signal":"SIGKILL"/);
  });

  await t.test('killed with -9 it takes all its processes along', async () => {
    const pids = system.ready.processes.map((p) => p.pid);
    await system.crash();
    assert.deepEqual(pids.filter(isAlive), []);
    const { code, err } = await user('list');
    assert.equal(code, EXIT.unavailable);
    assert.match(err, /is not running: start it with 'starling cluster/);
  });

  await t.test('started again it has its accounts; with --restart a dead edge comes back', async () => {
    system = await startCluster({ dataDir, edges: 1, restart: true });
    assert.equal((await user('list')).out, 'alice@localhost\n');
    const { c2s = 0 } = system.process('edge-1');
    await logIn(c2s);
    await system.kill('edge-1');
    const deadlineMs = Date.now() + 20_000;
    while (!system.output.includes('process_restarted')) {
      assert.ok(Date.now() < deadlineMs, system.output);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await logIn(c2s);
  });

  await t.test('a second one on the same data is refused', async () => {
    const { code, err } = await runCommand(['cluster', '--json-ready'], { dataDir });
    assert.equal(code, EXIT.unavailable);
    assert.match(err, /is in use by process/);
  });
});

test('what cannot be started', async () => {
  const noServer = await runCommand(['cluster', '--nats-server', '/nowhere'], { dataDir: join(dataDir, 'none') });
  assert.equal(noServer.code, EXIT.unavailable);
  assert.match(noServer.err, /set STARLING_NATS_SERVER \(--nats-server\)/);
});
