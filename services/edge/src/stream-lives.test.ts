import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogUnavailableError, type StreamInfo } from '@starling/bus';
import { silentLogger } from '@starling/runtime';
import { StreamLives } from './stream-lives.ts';
import { nextTurn } from './testing/fake-channel.ts';

/** Two streams, of which the first is made anew at will. */
function world() {
  const log = { createdAtMs: 1_000, isAway: false };
  const told: string[] = [];
  const state = { epoch: 1 };
  const info = async (stream: number): Promise<StreamInfo> => {
    if (log.isAway) throw new LogUnavailableError('away');
    return { stream, createdAtMs: stream === 0 ? log.createdAtMs : 1, first: 1, last: 1 };
  };
  const lives = new StreamLives({ log: { streams: 2, info }, epochOf: () => state.epoch, logger: silentLogger });
  lives.start({
    doubted: (stream) => void told.push(`doubted ${stream}`),
    known: (stream) => void told.push(`known ${stream}`),
  });
  const known = async () => {
    for (let i = 0; i < 2_000 && !['known 0', 'known 1'].every((word) => told.includes(word)); i++)
      await new Promise((r) => setTimeout(r, 1));
  };
  return { lives, log, told, state, known };
}

test('at the start every epoch may be current, the unknown one too', () => {
  const { lives } = world();
  assert.deepEqual(
    [0, 1, 2].map((epoch) => lives.isCurrent(0, epoch)),
    [true, true, true],
  );
  assert.equal(lives.isCurrent(9, 1), false);
});

test('a stream that is the same after a reconnect goes on in its epoch', async () => {
  const { lives, told } = world();
  await nextTurn();
  lives.reconnected();
  assert.deepEqual([told, lives.isCurrent(0, 1)], [['doubted 0', 'doubted 1'], false]);
  await nextTurn();
  assert.deepEqual([told.slice(2), lives.isCurrent(0, 1)], [['known 0', 'known 1'], true]);
});

test('of a stream that was made anew only the next epoch is current, also when that was told before', async () => {
  const { lives, log, state, known } = world();
  await nextTurn();
  Object.assign(log, { createdAtMs: 2_000, isAway: true });
  lives.reconnected();
  state.epoch = 2;
  lives.reconnected();
  log.isAway = false;
  await known();
  assert.deepEqual(
    [0, 1, 2].map((epoch) => lives.isCurrent(0, epoch)),
    [false, false, true],
  );
  assert.equal(lives.isCurrent(1, 1), true);
  lives.stop();
});
