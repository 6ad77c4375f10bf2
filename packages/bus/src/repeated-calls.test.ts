import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { offline } from '@starling/contracts';
import { MemoryBus } from './memory-bus.ts';
import { RepeatedCalls } from './repeated-calls.ts';
import { serve } from './rpc.ts';

const method = offline.owed(0);
const request = { user: 'juliet@example.com', resource: 'phone', after: { epoch: 1, sequence: 7 }, others: true };

describe('calls that are repeated', () => {
  let bus: MemoryBus;
  beforeEach(() => {
    bus = new MemoryBus({});
  });
  afterEach(() => bus.close());
  const callsOf = (attemptsMax: number) =>
    new RepeatedCalls({ bus, timeoutMs: 1_000, retryMs: 5, attemptsMax, waitingMax: 2 });
  /** The timers of what waits hold no process. */
  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  it('go on until somebody answers', async () => {
    let asked = 0;
    const answer = async () => {
      if (++asked < 3) throw new Error('not now');
      return {};
    };
    serve(bus, method, 'archive', answer, () => undefined);
    const calls = callsOf(10);
    assert.equal(
      calls.tell(method, request, (error) => assert.fail(String(error))),
      true,
    );
    await until(() => asked === 3);
  });

  it('are given up after so many attempts, and bounded in number', async () => {
    const lost: unknown[] = [];
    const calls = callsOf(3);
    const told = [1, 2, 3].map(() => calls.tell(method, request, (error) => lost.push(error)));
    assert.deepEqual(told, [true, true, false]);
    await until(() => lost.length === 2);
    assert.equal(
      calls.tell(method, request, () => undefined),
      true,
      'there is room again',
    );
    calls.stop();
  });
});
