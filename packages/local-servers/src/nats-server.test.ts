import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startNatsServer } from './nats-server.ts';

test('a server in a kept folder, started twice; its death is told, its stop is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'starling-nats-test-'));
  try {
    const first = await startNatsServer({ folder });
    const died = new Promise((resolve) => first.onExit(resolve));
    assert.ok(first.pid);
    process.kill(first.pid, 'SIGKILL');
    assert.deepEqual(await died, { code: null, signal: 'SIGKILL' });
    assert.equal(first.pid, undefined);

    const second = await startNatsServer({ folder });
    second.onExit(() => assert.fail('it was stopped'));
    await second.stop();
    await second.remove();
    assert.ok(existsSync(join(folder, 'n1', 'store')));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a server in a temporary folder leaves nothing', async () => {
  const server = await startNatsServer();
  await server.remove();
  assert.equal(server.pid, undefined);
  assert.throws(() => server.log, { code: 'ENOENT' });
});
