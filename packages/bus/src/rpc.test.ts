import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accounts, queues } from '@starling/contracts';
import { MetricsRegistry } from '@starling/runtime';
import { NoRespondersError, RequestTimeoutError, RpcError } from './bus.ts';
import { MemoryBus } from './memory-bus.ts';
import { observeCalls, rpcMetrics } from './metrics.ts';
import { call, serve } from './rpc.ts';

const TIMEOUT_MS = 1_000;
const { exists } = accounts;
const request = { user: 'alice@example.com' };

const conditionOf = (condition: string, cause?: new () => Error) => (error: unknown) =>
  error instanceof RpcError && error.condition === condition && (cause === undefined || error.cause instanceof cause);

describe('a call', () => {
  it('gets the answer of one instance', async () => {
    const bus = new MemoryBus();
    const asked: string[] = [];
    for (const name of ['one', 'two']) {
      serve(
        bus,
        exists,
        queues.roster,
        async ({ user }) => {
          asked.push(`${name} ${user}`);
          return { exists: user.startsWith('alice') };
        },
        assert.fail,
      );
    }
    assert.equal((await call(bus, exists, request, TIMEOUT_MS)).exists, true);
    assert.equal((await call(bus, exists, { user: 'bob@example.com' }, TIMEOUT_MS)).exists, false);
    assert.deepEqual(asked.sort(), ['one alice@example.com', 'two bob@example.com']);
  });

  it('gets the condition that the service answers, which is no news to the service', async () => {
    const bus = new MemoryBus();
    const handler = async () => {
      throw new RpcError('item-not-found', 'no such account');
    };
    serve(bus, exists, queues.roster, handler, assert.fail);
    await assert.rejects(call(bus, exists, request, TIMEOUT_MS), (error) => {
      assert.ok(conditionOf('item-not-found')(error));
      return (error as Error).message === 'no such account';
    });
  });

  it('gets resource-constraint when no message holds the answer, and the service goes on', async () => {
    class SmallBus extends MemoryBus {
      override publish(subject: string, data: Uint8Array): void {
        if (data.length > 200) throw new RangeError(`${data.length} bytes do not fit in a message`);
        super.publish(subject, data);
      }
    }
    const bus = new SmallBus();
    const errors: unknown[] = [];
    const handler = async ({ user }: typeof request) => {
      if (user.length > 100) throw new RpcError('conflict', user);
      return { exists: true };
    };
    serve(bus, exists, queues.roster, handler, (error) => errors.push(error));
    const long = { user: 'a'.repeat(300) };
    await assert.rejects(call(bus, exists, long, TIMEOUT_MS), conditionOf('resource-constraint'));
    assert.ok(errors[0] instanceof RangeError);
    assert.equal((await call(bus, exists, request, TIMEOUT_MS)).exists, true);
  });

  it("gets internal-server-error for a mistake, whose text stays with the service's log", async () => {
    const bus = new MemoryBus();
    const errors: unknown[] = [];
    const handler = async () => {
      throw new TypeError('a secret');
    };
    serve(bus, exists, queues.roster, handler, (error, subject) => errors.push([subject, error]));
    await assert.rejects(call(bus, exists, request, TIMEOUT_MS), (error) => {
      assert.ok(conditionOf('internal-server-error')(error));
      return !(error as Error).message.includes('secret');
    });
    assert.equal(errors.length, 1);
  });

  it('gets internal-server-error for a request that cannot be read, and for such a reply', async () => {
    const bus = new MemoryBus();
    const errors: unknown[] = [];
    const served = serve(
      bus,
      exists,
      queues.roster,
      async () => ({ exists: true }),
      (error) => errors.push(error),
    );
    const garbage = { ...exists, encodeRequest: () => Uint8Array.of(10, 200, 1) };
    await assert.rejects(call(bus, garbage, request, TIMEOUT_MS), conditionOf('internal-server-error'));
    assert.equal(errors.length, 1);
    served.unsubscribe();
    bus.subscribe(exists.subject, ({ replyTo }) => bus.publish(replyTo, Uint8Array.of(10, 200, 1)));
    await assert.rejects(call(bus, exists, request, TIMEOUT_MS), conditionOf('internal-server-error'));
  });

  it('gets a condition of type "wait" when nobody is there, and when nobody answers in time', async () => {
    const bus = new MemoryBus();
    await assert.rejects(
      call(bus, exists, request, TIMEOUT_MS),
      conditionOf('resource-constraint', NoRespondersError as never),
    );
    bus.subscribe(exists.subject, () => {});
    await assert.rejects(
      call(bus, exists, request, 20),
      conditionOf('remote-server-timeout', RequestTimeoutError as never),
    );
    await bus.close();
    await assert.rejects(call(bus, exists, request, 20), conditionOf('resource-constraint'));
  });

  it('without a wish for an answer is carried out all the same', async () => {
    const bus = new MemoryBus();
    const asked: string[] = [];
    serve(
      bus,
      exists,
      queues.roster,
      async ({ user }) => {
        asked.push(user);
        return { exists: true };
      },
      assert.fail,
    );
    bus.publish(exists.subject, exists.encodeRequest(request));
    await bus.flush();
    assert.deepEqual(asked, [request.user]);
  });
});

describe('calls are counted', () => {
  it('on both sides, by what came of them', async () => {
    const registry = new MetricsRegistry();
    const bus = new MemoryBus();
    bus.calls = observeCalls(registry.register(rpcMetrics));
    await call(bus, exists, request, TIMEOUT_MS).catch(() => undefined);
    const outcomes: (() => Promise<{ exists: boolean }>)[] = [
      async () => ({ exists: true }),
      async () => {
        throw new RpcError('item-not-found');
      },
      async () => {
        throw new Error('a mistake');
      },
    ];
    const answer = () => (outcomes.shift() ?? assert.fail)();
    serve(bus, exists, queues.roster, answer, () => undefined);
    for (let i = 0; i < 3; i++) await call(bus, exists, request, TIMEOUT_MS).catch(() => undefined);
    const text = await registry.scrape();
    const counts = (side: string) =>
      [...text.matchAll(new RegExp(`^starling_rpc_${side}_requests_total\\{(.*)\\} (\\d+)$`, 'gm'))].map(
        ([, labels = '', count]) => `${/outcome="(\w+)"/.exec(labels)?.[1]} ${count}`,
      );
    assert.deepEqual(counts('client').sort(), ['failed 1', 'ok 1', 'refused 1', 'unavailable 1']);
    assert.deepEqual(counts('server').sort(), ['failed 1', 'ok 1', 'refused 1']);
    assert.match(text, /^starling_rpc_client_seconds_count\{service="roster",method="exists"\} 4$/m);
  });
});
