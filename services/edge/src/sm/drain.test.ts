import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeSession } from '../testing/session.ts';
import { drain } from './drain.ts';
import { ManagedStream } from './managed-stream.ts';

const managed = () =>
  new ManagedStream({
    ...{
      windowMs: 1_000,
      base: 0,
      epoch: 0,
      acked: 0,
      askAfter: 10,
      queueMax: 10,
      queueBytesMax: 1_000,
      requestsMax: 8,
    },
    onFull: () => undefined,
  });

describe('draining', () => {
  it('releases every session once, in waves, and waits for all of them', async () => {
    const sessions = Array.from({ length: 25 }, (_, i) => makeSession({ resource: `r${i}` }).session);
    for (const session of sessions) session.sm = managed();
    const released: string[] = [];
    const moments = new Set<number>();
    await drain(sessions, 300, async (session) => {
      moments.add(Math.round(performance.now() / 50));
      await new Promise((resolve) => setImmediate(resolve));
      released.push(session.resource);
      return true;
    });
    assert.equal(new Set(released).size, 25);
    assert.equal(released.length, 25);
    assert.ok(moments.size >= 3, 'not all at once');
  });

  it('leaves out those that are over, or cannot be resumed', async () => {
    const { session: over } = makeSession({ resource: 'over' });
    over.sm = managed();
    over.end();
    await drain([over, makeSession().session], 0, async () => assert.fail('released'));
  });
});
