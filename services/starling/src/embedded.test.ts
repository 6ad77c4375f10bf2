import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type LocalSystem, login, RefusedError, startEmbedded } from '@starling/testkit';
import { EXIT } from './exit-codes.ts';
import { runCommand } from './testing/run-command.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'starling-start-'));
// What a killed server was just writing may come once more.
after(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));

const user = (...args: string[]) => runCommand(['user', ...args], { dataDir });

async function canLogIn(system: LocalSystem, username: string, password: string): Promise<boolean> {
  const endpoint = { transport: 'tcp', host: '127.0.0.1', port: system.ready.endpoints.c2s } as const;
  try {
    const client = await login(endpoint, 'localhost', { username, password, resource: 'test' });
    await client.destroy();
    return true;
  } catch (error) {
    // Policy: the question was whether the password is right; all else is a failure.
    if (!(error instanceof RefusedError) || !error.message.includes('not-authorized')) throw error;
    return false;
  }
}

const readRunning = () => JSON.parse(readFileSync(join(dataDir, 'starling.json'), 'utf8'));

test('start, accounts of a running and of a stopped system, kill -9', async (t) => {
  let system = await startEmbedded({ dataDir });
  t.after(() => system.stop());

  await t.test('the ready line', async () => {
    const { ready, domain, dataDir: folder, endpoints, processes } = system.ready;
    assert.deepEqual({ ready, domain, folder }, { ready: true, domain: 'localhost', folder: dataDir });
    assert.deepEqual(Object.keys(endpoints).sort(), ['admin', 'c2s', 'c2sTls', 'http']);
    const edge = { service: 'edge', id: 'edge-1', pid: system.pid, ...endpoints };
    assert.deepEqual(system.process('edge-1'), edge);
    assert.deepEqual(
      processes.map((p) => p.service),
      ['edge', 'presence', 'roster', 'archive'],
    );
    const response = await fetch(`http://127.0.0.1:${endpoints.admin}/readyz`);
    assert.equal(response.status, 200, await response.text());
    assert.equal((await fetch(`http://127.0.0.1:${endpoints.admin}/accounts`)).status, 401);
    assert.equal(statSync(join(dataDir, 'starling.json')).mode & 0o777, 0o600);
  });

  await t.test('accounts while it runs', async () => {
    assert.deepEqual(await user('add', 'alice', 'first'), { code: 0, out: 'alice@localhost added\n', err: '' });
    assert.equal((await user('add', 'alice@localhost', 'other')).code, EXIT.data);
    assert.equal(await canLogIn(system, 'alice', 'first'), true);
    assert.equal(
      (await runCommand(['user', 'passwd', 'alice', '--password-stdin'], { dataDir, input: 'second\n' })).code,
      0,
    );
    assert.equal(await canLogIn(system, 'alice', 'first'), false);
    assert.equal(await canLogIn(system, 'alice', 'second'), true);
    assert.equal((await user('add', 'bob', 'secret')).code, 0);
    assert.equal((await user('retention', 'bob', '30d')).out, 'bob@localhost keeps messages for 30d\n');
    assert.equal((await user('retention', 'bob', 'default')).code, 0);
    assert.equal((await user('retention', 'nobody', '0')).code, EXIT.data);
    assert.equal((await user('retention', 'bob', 'long')).code, EXIT.data);
    assert.equal((await user('del', 'bob')).code, 0);
    assert.equal((await user('del', 'bob')).code, EXIT.data);
    assert.equal((await user('list')).out, 'alice@localhost\n');
  });

  await t.test('what is no account, and no password', async () => {
    for (const [name, password] of [
      ['a b', 'x'],
      ['alice@elsewhere', 'x'],
      ['@localhost', 'x'],
      ['carol', ''],
    ] as const) {
      const { code, err } = await user('add', name, password);
      assert.equal(code, EXIT.data, `${name}: ${err}`);
    }
    const { code, err } = await user('add', 'carol');
    assert.equal(code, EXIT.usage);
    assert.match(err, /--password-stdin/);
  });

  await t.test('after kill -9 it has what was added', async () => {
    await system.crash();
    assert.notEqual(readRunning().running, undefined);
    system = await startEmbedded({ dataDir });
    assert.equal(await canLogIn(system, 'alice', 'second'), true);
  });

  await t.test('accounts while it is stopped', async () => {
    await system.stop();
    assert.deepEqual(readRunning(), { mode: 'embedded', domain: 'localhost' });
    assert.equal((await user('list')).out, 'alice@localhost\n');
    assert.equal((await user('add', 'dave', 'secret')).code, 0);
    assert.equal((await user('add', 'dave', 'secret')).code, EXIT.data);
    system = await startEmbedded({ dataDir });
    assert.equal(await canLogIn(system, 'dave', 'secret'), true);
  });

  await t.test('a second one in the same folder is refused', async () => {
    const { code, out, err } = await runCommand(['start', '--json-ready'], { dataDir });
    assert.deepEqual({ code, out }, { code: EXIT.unavailable, out: '' });
    assert.match(err, /in use by process/);
  });
});

test('what waits for somebody without an archive query comes once, also after kill -9', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'starling-waiting-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  let system = await startEmbedded({ dataDir: folder });
  t.after(() => system.stop());
  const enter = (username: string) => {
    const endpoint = { transport: 'tcp', host: '127.0.0.1', port: system.ready.endpoints.c2s } as const;
    return login(endpoint, 'localhost', { username, password: 'secret', resource: 'test' });
  };
  for (const name of ['romeo', 'juliet'])
    assert.equal((await runCommand(['user', 'add', name, 'secret'], { dataDir: folder })).code, 0);
  const ids = Array.from({ length: 20 }, (_, i) => `m${i}`);
  const romeo = await enter('romeo');
  for (const id of ids)
    romeo.sendXml(`<message to='juliet@localhost' type='chat' id='${id}'><body>${id}</body></message>`);
  await romeo.ping();
  await system.crash();
  system = await startEmbedded({ dataDir: folder });
  const juliet = await enter('juliet');
  juliet.sendXml('<presence/>');
  assert.deepEqual(
    (await juliet.messages(ids.length)).map(({ attrs }) => attrs.id),
    ids,
  );
  await juliet.close();
  const getsNothing = async () => {
    const again = await enter('juliet');
    await again.sends`<presence/>`;
    await again.receives`<presence from='${again.jid}'/>`;
    await again.receivesNothing();
    await again.close();
  };
  // What she has got is written a moment after she has left; a crash before that would bring it again, under the same ids.
  await getsNothing();
  await system.crash();
  system = await startEmbedded({ dataDir: folder });
  await getsNothing();
});

test('a busy port is told with the key that sets it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  try {
    const args = ['start', '--json-ready', '--c2s-port', String(port), '--admin-port', String(port)];
    const { code, out, err } = await runCommand(args, { dataDir: join(dataDir, 'busy') });
    assert.deepEqual({ code, out }, { code: EXIT.unavailable, out: '' });
    assert.match(err, new RegExp(`port ${port} of 127.0.0.1 is in use: set STARLING_C2S_PORT \\(--c2s-port\\)`));
    assert.match(err, /STARLING_ADMIN_PORT/);
  } finally {
    server.close();
  }
});

test('a wrong configuration is told whole', async () => {
  const args = ['start', '--c2s-prot', '1', '--http-port', 'x', '--stanza-bytes-max', '5'];
  const { code, err } = await runCommand(args, { dataDir, settings: { STARLING_DOMIAN: 'x' } });
  assert.equal(code, EXIT.config);
  for (const part of ['did you mean --c2s-port?', '--http-port', '--stanza-bytes-max', 'did you mean STARLING_DOMAIN?'])
    assert.ok(err.includes(part), `${part} in ${err}`);
});

test('check', async () => {
  const findingsOf = async (...args: string[]) => {
    const { code, out } = await runCommand(['check', '--json', ...args], { dataDir: join(dataDir, 'new') });
    const { findings } = JSON.parse(out) as { findings: { name: string; verdict: string; text: string }[] };
    return { code, verdicts: Object.fromEntries(findings.map((f) => [f.name, f.verdict])) };
  };
  const good = await findingsOf();
  assert.equal(good.code, EXIT.ok);
  assert.deepEqual(good.verdicts, {
    configuration: 'ok',
    'data folder': 'ok',
    ports: 'ok',
    DNS: 'ok',
    certificate: 'warning',
    NATS: 'ok',
    'NATS permissions': 'ok',
    'NATS streams': 'ok',
    database: 'ok',
    'database schema': 'ok',
    'file descriptors': good.verdicts['file descriptors'],
    clock: 'ok',
  });
  const bad = await findingsOf('--nats-url', 'nats://127.0.0.1:1', '--tls-cert', '/nowhere', '--tls-key', '/nowhere');
  assert.equal(bad.code, EXIT.failed);
  assert.equal(bad.verdicts.NATS, 'failed');
  assert.equal(bad.verdicts['NATS streams'], 'skipped');
  assert.equal(bad.verdicts.certificate, 'failed');
  assert.deepEqual(await findingsOf('--c2s-port', 'x'), { code: EXIT.config, verdicts: { configuration: 'failed' } });
  const { code, out } = await runCommand(['check'], { dataDir: join(fileURLToPath(import.meta.url), 'data') });
  assert.equal(code, EXIT.failed);
  assert.match(out, /^failed {3}data folder/m);
});
