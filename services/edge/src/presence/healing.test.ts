import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addHash, type PartitionDigest, type PartitionState, sessionHash } from '@starling/contracts';
import { HeldSessions } from '../held-sessions.ts';
import type { ClientSession } from '../session.ts';
import { Healing } from './healing.ts';
import type { NodeBatches } from './node-batches.ts';

const PARTITIONS = 64;
const DIGEST_MS = 20;

/** Two sessions in each partition, in the order in which they came. */
const sessions = Array.from({ length: 2 * PARTITIONS }, (_, n) => {
  const hashed = { session: `s${n}`, state: 1, priority: 0, boundAt: n + 1, stamp: n + 1, carbons: false };
  const view = { available: () => [] };
  const event = { presence: new Uint8Array(0), directed: [] };
  return { partition: n % PARTITIONS, boundAt: n + 1, hashed: { ...hashed, windowMs: 0, epoch: 0 }, view, event };
});

const held = new HeldSessions();
for (const session of sessions) held.add(session as unknown as ClientSession);

test('what a partition has is told in pieces that a message holds, in one when there is nothing', () => {
  const states: PartitionState[] = [];
  const batches = { state: (state: PartitionState) => void states.push(state) } as unknown as NodeBatches;
  const crowd = new HeldSessions();
  const sizes = [200_000, 200_000, 10, 300_000, ...Array.from({ length: 150 }, () => 10)];
  for (const [n, size] of sizes.entries()) {
    const event = { session: `s${n}`, presence: new Uint8Array(size), directed: [] };
    crowd.add({ partition: 3, event, view: { available: () => [] } } as unknown as ClientSession);
  }
  const healing = new Healing({ sessions: () => crowd, edge: 'e', batches, digestMs: 60_000, repairMs: 60_000 });
  healing.wanted([3, 4]);
  healing.stop();
  const [of3, of4] = [3, 4].map((p) => states.filter(({ partition }) => partition === p));
  assert.deepEqual(
    of3?.map(({ first, last, sessions: piece }) => [first, last, piece.length]),
    [
      [true, false, 1],
      [false, false, 2],
      [false, false, 1],
      [false, false, 100],
      [false, true, 50],
    ],
  );
  assert.deepEqual(
    of3?.flatMap((state) => state.sessions.map(({ session }) => session)),
    sizes.map((_, n) => `s${n}`),
  );
  assert.deepEqual(
    of4?.map(({ first, last, sessions: piece }) => [first, last, piece.length]),
    [[true, true, 0]],
  );
});

test('digests of all sessions are made in many turns of the loop, and each partition is told once, whole', async () => {
  let turn = 0;
  let isOver = false;
  const countTurns = () => {
    turn++;
    if (!isOver) setImmediate(countTurns);
  };
  setImmediate(countTurns);
  const told: (PartitionDigest & { readonly turn: number })[] = [];
  let beats = 0;
  const batches = {
    digest: (digest: PartitionDigest) => void told.push({ ...digest, turn }),
    beat: () => void beats++,
    state: () => undefined,
    seen: () => undefined,
    probe: () => undefined,
  };
  const healing = new Healing({
    sessions: () => held,
    edge: 'edge-1',
    batches: batches as unknown as NodeBatches,
    digestMs: DIGEST_MS,
    repairMs: 60_000,
  });
  while (beats === 0) await sleep(1);
  healing.stop();
  isOver = true;
  assert.deepEqual(
    told.map(({ partition }) => partition).sort((a, b) => a - b),
    Array.from({ length: PARTITIONS }, (_, partition) => partition),
  );
  for (const { partition, sessions: count, hash } of told) {
    const own = sessions.filter((session) => session.partition === partition);
    assert.equal(count, own.length);
    assert.equal(
      hash,
      own.reduce((sum, { hashed }) => addHash(sum, sessionHash(hashed as Parameters<typeof sessionHash>[0])), 0),
    );
  }
  const turns = new Set(told.map((digest) => digest.turn)).size;
  assert.ok(turns >= PARTITIONS / 4, `in ${turns} turns`);
});
