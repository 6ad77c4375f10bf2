import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, hashUser, type LogLevel, silentLogger } from './log.ts';
import { Secret } from './secret.ts';

function capture(level: LogLevel, users: 'hash' | 'plain') {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger({
    service: 'edge',
    id: 'edge-1',
    level,
    users,
    write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  return { lines, log };
}

test('a line is JSON with level, time, service, id, what and its fields', () => {
  const { lines, log } = capture('info', 'hash');
  log.debug({ what: 'service_ready' });
  log.child({ sid: 's1' }).info({ what: 'service_ready', port: 5222 });
  assert.equal(lines.length, 1);
  const { time, ...line } = lines[0] ?? {};
  assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual(line, {
    level: 'info',
    service: 'edge',
    id: 'edge-1',
    sid: 's1',
    what: 'service_ready',
    port: 5222,
  });
  assert.deepEqual([log.isLevelEnabled('debug'), log.isLevelEnabled('warn')], [false, true]);
});

test('users are hashed unless configured; secrets never show; errors keep stack and cause', () => {
  const { lines, log } = capture('info', 'hash');
  const err = new Error('outer', { cause: new TypeError('inner') });
  log.error({ what: 'process_failed', user: 'romeo@example.com', password: new Secret('sesame'), err });
  const text = JSON.stringify(lines);
  assert.doesNotMatch(text, /romeo|sesame/);
  assert.equal(lines[0]?.user, hashUser('romeo@example.com'));
  assert.match(text, /outer.*TypeError: inner/);
  const plain = capture('info', 'plain');
  plain.log.info({ what: 'service_ready', user: 'romeo@example.com' });
  assert.equal(plain.lines[0]?.user, 'romeo@example.com');
});

test('the silent logger takes everything', async () => {
  silentLogger.child({ a: 1 }).info({ what: 'service_ready' });
  await silentLogger.flush();
});
