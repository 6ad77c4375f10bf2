import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Child, ChildError } from './child.ts';

const folder = mkdtempSync(join(tmpdir(), 'starling-child-'));
after(() => rmSync(folder, { recursive: true }));

const script = (name: string, code: string) =>
  Child.start({
    name,
    command: process.execPath,
    args: ['-e', code],
    env: { GREETING: 'hello' },
    logFile: join(folder, 'logs', `${name}.log`),
  });

test('a child gets ready, and is stopped', async () => {
  const child = await script(
    'good',
    `console.log('noise'); console.log('{"no json'); console.log(JSON.stringify({ ready: true, greeting: process.env.GREETING }));
     setInterval(() => {}, 1000)`,
  );
  assert.deepEqual(await child.ready(10_000), { ready: true, greeting: 'hello' });
  assert.equal(child.isRunning, true);
  assert.deepEqual(await child.stop(5_000), { code: null, signal: 'SIGTERM' });
  assert.equal(child.isRunning, false);
  assert.deepEqual(await child.stop(5_000), { code: null, signal: 'SIGTERM' });
});

test('a child that ends before it is ready says why', async () => {
  const child = await script('bad', `console.error('no luck'); process.exitCode = 78`);
  await assert.rejects(child.ready(10_000), (error: ChildError) => {
    assert.match(error.message, /^bad ended with 78\nno luck/);
    assert.equal(error.exitCode, 78);
    return true;
  });
});

test('a child that does not get ready in time, and does not hear SIGTERM', async () => {
  const child = await script(
    'deaf',
    `process.on('SIGTERM', () => {}); console.error('up'); setInterval(() => {}, 1000)`,
  );
  await assert.rejects(child.ready(1_000), /deaf is not ready within 1000 ms/);
  assert.deepEqual(await child.stop(100), { code: null, signal: 'SIGKILL' });
});

test('a program that is not there', async () => {
  const logFile = join(folder, 'none.log');
  await assert.rejects(Child.start({ name: 'none', command: '/nowhere/none', args: [], logFile }), ChildError);
});

test('the log of the run before is kept', async () => {
  for (const text of ['first', 'second']) await (await script('twice', `console.error('${text}')`)).exited;
  assert.equal(readFileSync(join(folder, 'logs/twice.log'), 'utf8'), 'second\n');
  assert.equal(readFileSync(join(folder, 'logs/twice.log.1'), 'utf8'), 'first\n');
});
