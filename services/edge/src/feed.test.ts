import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ArchivedEntry, comparePositions, type Position } from '@starling/contracts';
import fc from 'fast-check';
import { Feed, type FeedHost } from './feed.ts';

const data = (sequence: number) => Buffer.from(String(sequence));
const epoch = 1;

/** A log with `count` entries, some of them on other subjects; an archive that knows all of them; a feed that follows. */
class World {
  readonly delivered: number[] = [];
  readonly gaps: string[] = [];
  readonly feed: Feed;
  archiveDown = 0;
  readonly sequences: readonly number[];
  constructor(sequences: readonly number[], overrides: Partial<FeedHost> = {}) {
    this.sequences = sequences;
    this.feed = new Feed({
      deliver: (entry) => void this.delivered.push(Number(Buffer.from(entry).toString())),
      epoch: () => epoch,
      isCurrent: () => true,
      fetch: async (after, upTo) => this.#fetch(after, upTo),
      graceMs: 2,
      retryMs: 1,
      heldMax: 3,
      onGap: (cause) => void this.gaps.push(cause),
      ...overrides,
    });
  }
  async #fetch(after: Position, upTo: Position): Promise<{ entries: readonly ArchivedEntry[]; complete: boolean }> {
    if (this.archiveDown-- > 0) throw new Error('away');
    const page = 2;
    const entries = this.sequences
      .filter((s) => s > after.sequence && s <= upTo.sequence)
      .map((sequence) => ({ position: { epoch, sequence }, committedAtMs: 0, envelope: data(sequence) }));
    return { entries: entries.slice(0, page), complete: entries.length <= page };
  }
  commit(sequence: number): void {
    const previous = this.sequences[this.sequences.indexOf(sequence) - 1] ?? 0;
    this.feed.committed({ stream: 0, sequence, previous }, data(sequence));
  }
  async settled(count: number): Promise<void> {
    for (let i = 0; i < 2_000 && this.delivered.length < count; i++) await new Promise((r) => setTimeout(r, 1));
  }
}

test('entries come once and in order', () => {
  const world = new World([1, 4, 9]);
  world.feed.startAt({ epoch, sequence: 0 });
  for (const s of [1, 4, 4, 1, 9]) world.commit(s);
  assert.deepEqual(world.delivered, [1, 4, 9]);
  assert.deepEqual(world.gaps, []);
});

test('what was before the bind is not delivered', () => {
  const world = new World([1, 4, 9]);
  world.feed.startAt({ epoch, sequence: 4 });
  world.commit(4);
  world.commit(9);
  assert.deepEqual(world.delivered, [9]);
});

test('a gap is fetched first, also when the archive is away for a while', async () => {
  const world = new World([1, 2, 3, 4, 5, 6]);
  world.feed.startAt({ epoch, sequence: 0 });
  world.archiveDown = 3;
  world.commit(1);
  world.commit(5);
  world.commit(6);
  assert.deepEqual(world.delivered, [1]);
  await world.settled(6);
  assert.deepEqual(world.delivered, [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(world.gaps, ['missed']);
});

test('entries that overtook one another are put in order without asking', async () => {
  const world = new World([1, 2, 3, 4]);
  world.feed.startAt({ epoch, sequence: 0 });
  for (const s of [3, 1, 4, 2]) world.commit(s);
  assert.deepEqual(world.delivered, [1, 2, 3, 4]);
  await new Promise((r) => setTimeout(r, 10));
  assert.deepEqual(world.gaps, []);
});

test('a trim is no gap', () => {
  const world = new World([1, 7]);
  world.feed.startAt({ epoch, sequence: 1 });
  world.feed.committed({ stream: 0, sequence: 7, previous: 0 }, data(7));
  assert.deepEqual(world.delivered, [7]);
});

test('a digest tells of an entry that never came', async () => {
  const world = new World([1, 2]);
  world.feed.startAt({ epoch, sequence: 0 });
  world.commit(1);
  world.feed.reaches({ epoch, sequence: 2 });
  await world.settled(2);
  assert.deepEqual(world.delivered, [1, 2]);
  world.feed.reaches({ epoch, sequence: 2 });
  assert.deepEqual(world.gaps, ['digest']);
});

test('who waits for a place hears when all up to there was delivered, by whichever way', async () => {
  const world = new World([1, 2, 5, 6]);
  world.feed.startAt({ epoch, sequence: 0 });
  const heard: string[] = [];
  const wait = (sequence: number) =>
    world.feed.delivered({ epoch, sequence }).then(() => heard.push(`${sequence}: ${world.delivered.join()}`));
  world.commit(1);
  await wait(1);
  const overtaken = wait(2);
  world.commit(2);
  await overtaken;
  // What is missing is fetched; behind the last entry there is nothing that could come.
  await Promise.all([wait(5), wait(7)]);
  assert.deepEqual(heard.slice(0, 2), ['1: 1', '2: 1,2']);
  assert.deepEqual(heard.at(-1), '7: 1,2,5,6');
  assert.deepEqual(world.delivered, [1, 2, 5, 6]);
  const never = wait(99);
  world.archiveDown = 1_000;
  world.feed.close();
  await never;
});

test('after the stream was made anew its first entries are not taken for old ones', async () => {
  const entries = [{ position: { epoch: 2, sequence: 1 }, committedAtMs: 0, envelope: data(101) }];
  const world = new World([1, 2], { fetch: async () => ({ entries, complete: true }) });
  world.feed.startAt({ epoch: 1, sequence: 50 });
  world.feed.committed({ stream: 0, sequence: 1, previous: 0 }, data(101)); // dropped: the epoch is not known yet
  world.feed.reaches({ epoch: 2, sequence: 1 });
  await world.settled(1);
  assert.deepEqual(world.delivered, [101]);
  assert.deepEqual(world.gaps, ['epoch']);
});

/** A feed whose stream was made anew in its second epoch, as far as the archive has read it. */
function madeAnew(overrides: Partial<FeedHost> = {}) {
  const delivered: string[] = [];
  const state = { over: 0, readUpTo: 0 };
  const world = new World([], {
    deliver: (_, position) => void delivered.push(`${position.epoch}/${position.sequence}`),
    isCurrent: (of) => of > state.over,
    fetch: async (after, upTo) => {
      const entries = Array.from({ length: state.readUpTo }, (_, i) => ({ epoch: 2, sequence: i + 1 }))
        .filter((position) => comparePositions(position, after) > 0 && comparePositions(position, upTo) <= 0)
        .map((position) => ({ position, committedAtMs: 0, envelope: data(0) }));
      return { entries, complete: true };
    },
    ...overrides,
  });
  const commit = (sequence: number) =>
    world.feed.committed({ stream: 0, sequence, previous: sequence - 1 }, data(sequence));
  const settled = async (count: number) => {
    for (let i = 0; i < 2_000 && delivered.length < count; i++) await new Promise((r) => setTimeout(r, 1));
  };
  return { feed: world.feed, state, delivered, commit, settled };
}

test('no entry of a stream that was made anew gets a place in the old one, be its sequence low or high', async () => {
  const { feed, state, delivered, commit, settled } = madeAnew();
  feed.startAt({ epoch: 1, sequence: 2 });
  state.over = 1;
  for (const s of [1, 2, 3]) commit(s);
  assert.deepEqual(delivered, []);
  state.readUpTo = 2;
  feed.reaches({ epoch: 2, sequence: 2 });
  await settled(3);
  commit(4);
  assert.deepEqual(delivered, ['2/1', '2/2', '2/3', '2/4']);
});

test('what is held goes on when the archive knows of nothing before it', () => {
  const { feed, state, delivered, commit } = madeAnew();
  feed.startAt({ epoch: 1, sequence: 50 });
  state.over = 1;
  for (const s of [1, 2]) commit(s);
  feed.settled(1);
  assert.deepEqual(delivered, []);
  feed.settled(2);
  assert.deepEqual(delivered, ['2/1', '2/2']);
});

test('who binds meanwhile is told where the log ends in the new epoch', () => {
  const { feed, state, delivered, commit } = madeAnew();
  state.over = 1;
  for (const s of [3, 4]) commit(s);
  feed.startAt({ epoch: 2, sequence: 3 });
  assert.deepEqual(delivered, ['2/4']);
});

test('what was held of the old stream when it may have been made anew is asked for', async () => {
  const asked: Position[] = [];
  const fetch = async (_: Position, upTo: Position) => {
    asked.push(upTo);
    return { entries: [], complete: true };
  };
  const { feed, delivered, commit } = madeAnew({ fetch });
  feed.startAt({ epoch: 1, sequence: 50 });
  feed.halt();
  commit(52);
  feed.doubt();
  feed.go();
  for (let i = 0; i < 2_000 && asked.length === 0; i++) await new Promise((r) => setTimeout(r, 1));
  assert.deepEqual([asked, delivered], [[{ epoch: 1, sequence: 52 }], []]);
});

test('when it was not made anew after all what came meanwhile is delivered', () => {
  const { feed, state, delivered, commit } = madeAnew();
  feed.startAt({ epoch: 1, sequence: 2 });
  state.over = 1;
  for (const s of [3, 4]) commit(s);
  state.over = 0;
  feed.known();
  assert.deepEqual(delivered, ['1/3', '1/4']);
});

test('an entry that is lost while a gap is fetched is fetched too, without a digest', async () => {
  const world = new World([1, 2, 3, 4, 5]);
  world.feed.startAt({ epoch, sequence: 0 });
  for (const s of [1, 3, 5]) world.commit(s);
  await world.settled(5);
  assert.deepEqual(world.delivered, [1, 2, 3, 4, 5]);
});

test('where the log ended does not take back what came meanwhile, nor forget that it was already further', () => {
  const world = new World([8, 9, 10], { epoch: () => 0 });
  world.commit(8);
  world.feed.startAt({ epoch, sequence: 7 });
  assert.deepEqual(world.feed.last, { epoch, sequence: 8 });
  world.feed.startAt({ epoch, sequence: 9 });
  for (const s of [8, 9, 10]) world.commit(s);
  assert.deepEqual(world.delivered, [8, 10]);
});

test('what was missing before the epoch was known is still missed when it is', async () => {
  const world = new World([1, 2, 3], { epoch: () => 0 });
  world.commit(1);
  world.commit(3);
  world.feed.reaches({ epoch, sequence: 1 });
  await world.settled(3);
  assert.deepEqual(world.delivered, [1, 2, 3]);
});

test('an archive that has nothing new yet is not asked again at once', async () => {
  let asked = 0;
  const fetch = async () => {
    asked++;
    return { entries: [], complete: false };
  };
  const world = new World([1, 2], { fetch, retryMs: 60_000 });
  world.feed.startAt({ epoch, sequence: 0 });
  world.feed.reaches({ epoch, sequence: 2 });
  await new Promise((r) => setTimeout(r, 30));
  assert.equal(asked, 1);
  world.feed.close();
});

test('property: whatever is lost, doubled or held back, all entries arrive once and in order', async () => {
  const sequences = fc
    .uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 })
    .map((s) => s.sort((a, b) => a - b));
  const fates = fc.array(fc.constantFrom('arrives', 'lost', 'twice'), { minLength: 20, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(sequences, fates, fc.nat(2), fc.integer({ min: 1, max: 4 }), async (log, fate, down, heldMax) => {
      const world = new World(log, { heldMax });
      world.feed.startAt({ epoch, sequence: 0 });
      world.archiveDown = down;
      for (const [i, sequence] of log.entries()) {
        if (fate[i] !== 'lost') world.commit(sequence);
        if (fate[i] === 'twice') world.commit(sequence);
        if (i % 3 === 0) await Promise.resolve();
      }
      world.feed.reaches({ epoch, sequence: log.at(-1) ?? 0 });
      await world.settled(log.length);
      world.feed.close();
      assert.deepEqual(world.delivered, log);
    }),
    { numRuns: 60 },
  );
});

test('nothing is delivered while it halts, and nothing is lost', async () => {
  const world = new World([1, 2, 3, 4, 5, 6, 7, 8]);
  world.feed.startAt({ epoch, sequence: 0 });
  world.commit(1);
  world.feed.halt();
  world.feed.halt();
  // More than it keeps: the rest is fetched.
  for (const s of [2, 3, 4, 5, 6, 7, 8]) world.commit(s);
  await new Promise((r) => setTimeout(r, 10));
  assert.deepEqual(world.feed.last, { epoch, sequence: 1 });
  world.feed.go();
  await new Promise((r) => setTimeout(r, 10));
  assert.deepEqual(world.delivered, [1]);
  world.feed.go();
  await world.settled(8);
  assert.deepEqual(world.delivered, [1, 2, 3, 4, 5, 6, 7, 8]);
});

test('a gap that is being fetched waits while it halts', async () => {
  const world = new World([1, 2, 3, 4, 5, 6]);
  world.feed.startAt({ epoch, sequence: 0 });
  world.commit(1);
  world.commit(6);
  await new Promise((r) => setTimeout(r, 3));
  world.feed.halt();
  const { length } = world.delivered;
  await new Promise((r) => setTimeout(r, 20));
  assert.equal(world.delivered.length, length);
  world.feed.go();
  await world.settled(6);
  assert.deepEqual(world.delivered, [1, 2, 3, 4, 5, 6]);
});

test('without knowing where the log ends it begins before its first entry', () => {
  const world = new World([5, 9]);
  world.feed.halt();
  world.commit(5);
  assert.equal(world.feed.begin, undefined);
  world.feed.go();
  assert.deepEqual([world.feed.begin, world.delivered], [{ epoch, sequence: 4 }, [5]]);
});
