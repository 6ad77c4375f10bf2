import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

const GONE_WITHIN_MS = 10_000;

// Starts a guard and two children, of which the second does not hear SIGTERM; prints their numbers.
const PARENT = `
  import { spawn } from 'node:child_process';
  import { OrphanGuard } from '${new URL('./orphan-guard.js', import.meta.url)}';
  const guard = await OrphanGuard.start(300);
  const forgotten = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  const easy = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  const hard = spawn('sh', ['-c', 'trap "" INT; sleep 600 & wait'], { detached: true, stdio: 'ignore' });
  guard.watch(forgotten.pid);
  guard.watch(easy.pid);
  guard.watch(hard.pid, 'SIGINT');
  guard.forget(forgotten.pid);
  process.on('SIGTERM', async () => { await guard.stop(); process.exit(0); });
  setInterval(() => {}, 1000);
  console.log(JSON.stringify([forgotten.pid, easy.pid, hard.pid]));
`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // Policy: no such process.
    return false;
  }
}

async function untilGone(pid: number): Promise<void> {
  const deadlineMs = Date.now() + GONE_WITHIN_MS;
  while (isAlive(pid)) {
    assert.ok(Date.now() < deadlineMs, `process ${pid} is still there`);
    await delay(20);
  }
}

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`children end when their parent ends with ${signal}`, async () => {
    const parent = spawn(process.execPath, ['--input-type=module', '-e', PARENT], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const [forgotten = 0, easy = 0, hard = 0] = JSON.parse(line) as number[];
    parent.kill(signal);
    await untilGone(easy);
    await untilGone(hard);
    assert.equal(isAlive(forgotten), true);
    process.kill(forgotten);
  });
}
