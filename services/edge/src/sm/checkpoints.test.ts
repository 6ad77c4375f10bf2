import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRecords } from '@starling/bus';
import type { FollowedUser } from '../followed-user.ts';
import { managed } from '../testing/managed.ts';
import { makeSession } from '../testing/session.ts';
import { Checkpoints } from './checkpoints.ts';
import { SessionRecords } from './session-records.ts';

test('a session that no record holds is not stored, and says so: it is tried again when it is asked for again', async () => {
  const { session } = makeSession();
  const sm = managed();
  const logged: unknown[] = [];
  const failures = { count: 0 };
  const checkpoints = new Checkpoints({
    records: new SessionRecords(new MemoryRecords(2_000)),
    context: () => ({ edge: 'e', incarnation: 'i', hooks: { runNow: () => 'next' } as never, known: () => undefined }),
    followed: () => ({ coverage: { of: () => undefined }, feed: {}, stream: 0 }) as unknown as FollowedUser,
    metrics: { checkpointSeconds: { observe() {} }, checkpointFailures: { inc: () => failures.count++ } } as never,
    log: { warn: (line: unknown) => void logged.push(line) } as never,
  });
  sm.asked('x'.repeat(3_000));
  assert.equal(await checkpoints.write(session, sm), 'unavailable');
  assert.equal(failures.count, 1);
  assert.equal(logged.length, 1);
  sm.openRequests.clear();
  assert.equal(await checkpoints.write(session, sm), 'stored');
});
