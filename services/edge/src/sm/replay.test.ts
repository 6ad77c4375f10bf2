import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryBus, serve } from '@starling/bus';
import { type ArchivedEntry, archive, type GapRequest, type Position, queues } from '@starling/contracts';
import { MetricsRegistry, silentLogger } from '@starling/runtime';
import { Feed } from '../feed.ts';
import type { FollowedUser } from '../followed-user.ts';
import { edgeMetrics } from '../metrics.ts';
import { UserCoverage } from '../offline/user-coverage.ts';
import { makeSession } from '../testing/session.ts';
import { ManagedStream } from './managed-stream.ts';
import { Replay } from './replay.ts';

const at = (sequence: number): Position => ({ epoch: 1, sequence });
const entryAt = (sequence: number): ArchivedEntry => ({
  position: at(sequence),
  envelope: new Uint8Array([sequence]),
  committedAtMs: 0,
});

const fail = (error: unknown) => assert.fail(String(error));

const managed = () => {
  const sm = new ManagedStream({
    ...{ windowMs: 1_000, base: 0, epoch: 1, acked: 0, askAfter: 10, queueMax: 100, queueBytesMax: 10_000 },
    requestsMax: 8,
    onFull: () => undefined,
  });
  sm.isReplaying = true;
  return sm;
};

const feedOf = (deliver: (position: Position) => void) =>
  new Feed({
    deliver: (_, position) => deliver(position),
    epoch: () => 1,
    isCurrent: () => true,
    fetch: async () => assert.fail('no gap'),
    ...{ graceMs: 1, retryMs: 1, heldMax: 100 },
    onGap: () => undefined,
  });

const replayOn = (bus: MemoryBus, onReplay: (position: Position) => void) =>
  new Replay({
    bus,
    config: { gapPageMax: 100, rpcTimeoutMs: 1_000 },
    sink: {
      replay: (_user, _session, { position }) => {
        onReplay(position);
        return true;
      },
      offline: () => assert.fail('nothing has waited'),
    },
    findEnd: async () => assert.fail('it is known'),
    metrics: new MetricsRegistry().register(edgeMetrics),
    log: silentLogger,
  });

const userOf = (feed: Feed) =>
  ({ coverage: new UserCoverage(), jid: 'romeo@localhost', stream: 0, feed }) as unknown as FollowedUser;

const FROM_THE_START = { queue: [], after: at(0), since: undefined, served: true };

test('who does not catch up with a busy log gets all of it all the same, once and in order', async (t) => {
  const bus = new MemoryBus({ onError: fail });
  t.after(() => bus.close());
  const { session } = makeSession();
  const sm = managed();
  session.sm = sm;
  const got: number[] = [];
  const feed = feedOf((position) => {
    if (sm.isDue(position)) got.push(position.sequence);
  });
  feed.startAt(at(3));
  let last = 3;
  // With every page that is asked for, two more entries are committed.
  const page = async ({ after, upTo }: GapRequest) => {
    for (let i = 0; i < 2 && last < 30; i++) {
      last++;
      feed.committed({ stream: 0, sequence: last, previous: last - 1 }, new Uint8Array([last]));
    }
    const entries: ArchivedEntry[] = [];
    for (let s = after.sequence + 1; s <= (upTo?.sequence ?? 0); s++) entries.push(entryAt(s));
    return { entries, complete: true };
  };
  serve(bus, archive.gap(0), queues.archive, page, fail);
  await replayOn(bus, ({ sequence }) => got.push(sequence)).run(userOf(feed), session, sm, FROM_THE_START);
  assert.deepEqual(
    got,
    Array.from({ length: last }, (_, i) => i + 1),
  );
  assert.equal(sm.isReplaying, false);
});

test('who is let go of in the middle goes on elsewhere from there', async (t) => {
  const bus = new MemoryBus({ onError: fail });
  t.after(() => bus.close());
  const { session } = makeSession();
  const sm = managed();
  session.sm = sm;
  const feed = feedOf(() => assert.fail('nothing is for it'));
  feed.startAt(at(3));
  const entries = [1, 2, 3].map(entryAt);
  serve(bus, archive.gap(0), queues.archive, async () => ({ entries, complete: true }), fail);
  const replay = replayOn(bus, ({ sequence }) => {
    if (sequence === 2) sm.isReleased = true;
  });
  await replay.run(userOf(feed), session, sm, FROM_THE_START);
  assert.deepEqual([sm.reached?.sequence, sm.isReplaying], [2, true]);
});
