import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { processesByRoot } from './process-cpu.ts';
import { pssOf } from './process-memory.ts';

test('each process counts once, for the nearest that is asked for', async () => {
  // A shell with a child of its own, below this process.
  const shell = spawn('sh', ['-c', 'sleep 60 & echo $!; wait'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(shell.stdout, 'data');
  const child = Number(String(line));
  const pid = shell.pid ?? 0;
  try {
    const groups = processesByRoot([process.pid, pid]);
    assert.deepEqual([...(groups.get(pid)?.pids ?? [])].sort(), [pid, child].sort());
    assert.ok(groups.get(process.pid)?.pids.includes(process.pid));
    assert.ok(!groups.get(process.pid)?.pids.includes(child));
    assert.ok((groups.get(process.pid)?.cpuUs ?? 0) > 0);
  } finally {
    process.kill(child, 'SIGTERM');
    await once(shell, 'exit');
  }
});

test('memory of a process, and of none', () => {
  assert.ok(pssOf(process.pid) > 1_024);
  assert.equal(pssOf(2 ** 30), 0);
});
