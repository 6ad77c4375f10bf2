import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MemoryBus } from '@starling/bus';
import { decodeEdgeBatch, subjects } from '@starling/contracts';
import { loadConfig, MetricsRegistry } from '@starling/runtime';
import { presenceConfig } from './config.ts';
import { presenceMetrics } from './metrics.ts';
import { Outbox } from './outbox.ts';

const LINGER_MS = 1_000;
/** More turns than a message on the bus needs. */
const TURNS = 5;

async function someTurns(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await nextTurn();
}

test('what comes after a silence goes with its turn; what follows is collected, and goes a linger behind it', async ({
  mock,
}) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const failures: unknown[] = [];
  const bus = new MemoryBus({ onError: (error) => failures.push(error) });
  const batches: string[] = [];
  bus.subscribe(subjects.edge('edge-1'), ({ data }) => {
    const { sequence, emissions } = decodeEdgeBatch(data);
    batches.push(`${sequence}: ${emissions.map(({ stamp }) => stamp).join()}`);
  });
  const outbox = new Outbox({
    bus,
    config: loadConfig({ presence: presenceConfig }, { env: { STARLING_PRESENCE_LINGER: '1s' }, args: [] }).presence,
    metrics: new MetricsRegistry().register(presenceMetrics),
    sender: () => ({ id: 'presence-1', incarnation: 'i', epoch: 1 }),
  });
  const emit = (stamp: number) =>
    outbox.emitToEdge('edge-1', {
      ...{ from: `juliet@example.com/${stamp}`, stamp, unavailable: false, presence: new Uint8Array(0) },
      ...{ to: ['romeo@example.com'], toSeen: false, always: false },
    });

  emit(1);
  emit(2);
  assert.deepEqual(batches, [], 'not before the end of the turn');
  await someTurns();
  assert.deepEqual(batches, ['1: 1,2']);

  emit(3);
  await someTurns();
  emit(4);
  await someTurns();
  assert.deepEqual(batches, ['1: 1,2']);
  mock.timers.tick(LINGER_MS);
  await someTurns();
  assert.deepEqual(batches, ['1: 1,2', '2: 3,4']);

  emit(5);
  outbox.reset();
  mock.timers.tick(LINGER_MS);
  await someTurns();
  assert.equal(batches.length, 2, 'what was forgotten is not sent');
  assert.deepEqual(failures, []);
});
