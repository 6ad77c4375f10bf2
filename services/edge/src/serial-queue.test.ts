import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type QueueBounds, type QueueHost, SerialQueue } from './serial-queue.ts';

const BOUNDS: QueueBounds = { max: 4, bytesMax: 1_000 };
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A queue of numbers; handlers are finished by hand. */
class World {
  readonly log: string[] = [];
  readonly queue: SerialQueue<number>;
  readonly #open: (() => void)[] = [];

  constructor(
    isAsync: (item: number) => boolean,
    { sizeOf = (item: number) => item, ...bounds }: Partial<QueueBounds & Pick<QueueHost<number>, 'sizeOf'>> = {},
  ) {
    this.queue = new SerialQueue<number>(
      { ...BOUNDS, ...bounds },
      {
        handle: (item) => {
          this.log.push(`+${item}`);
          if (!isAsync(item)) {
            this.log.push(`-${item}`);
            return;
          }
          return new Promise<void>((resolve) => this.#open.push(resolve)).then(() => void this.log.push(`-${item}`));
        },
        sizeOf,
        onFull: () => void this.log.push('full'),
        onRoom: () => void this.log.push('room'),
      },
    );
  }

  async finish(count = Number.POSITIVE_INFINITY): Promise<void> {
    for (let i = 0; i < count && this.#open.length > 0; i++) {
      this.#open.shift()?.();
      await nextTurn();
    }
  }
}

describe('a serial queue', () => {
  it('handles at once what needs no time', () => {
    const world = new World(() => false);
    for (const item of [1, 2]) world.queue.push(item);
    assert.deepEqual(world.log, ['+1', '-1', '+2', '-2']);
    assert.equal(world.queue.length, 0);
  });

  it('starts nothing before the last one has settled', async () => {
    const world = new World((item) => item !== 2);
    for (const item of [1, 2, 3]) world.queue.push(item);
    assert.deepEqual(world.log, ['+1']);
    await world.finish(1);
    assert.deepEqual(world.log, ['+1', '-1', '+2', '-2', '+3']);
    await world.finish();
    assert.equal(world.log.at(-1), '-3');
  });

  it('what comes in from within a handler comes behind it', () => {
    const log: string[] = [];
    const queue: SerialQueue<number> = new SerialQueue(BOUNDS, {
      handle: (item) => {
        log.push(`+${item}`);
        if (item === 1) queue.push(2);
        log.push(`-${item}`);
      },
      sizeOf: () => 1,
      onFull: assert.fail,
      onRoom: assert.fail,
    });
    queue.push(1);
    assert.deepEqual(log, ['+1', '-1', '+2', '-2']);
  });

  it('is full at its bound of items, and has room again at half of it', async () => {
    const world = new World(() => true);
    for (const item of [1, 2, 3, 4]) world.queue.push(item);
    assert.equal(world.log.includes('full'), false);
    world.queue.push(5);
    assert.equal(world.log.at(-1), 'full');
    world.queue.push(6);
    await world.finish(2);
    assert.equal(world.log.includes('room'), false, 'three wait');
    await world.finish(1);
    assert.deepEqual(
      world.log.filter((e) => e === 'full' || e === 'room'),
      ['full', 'room'],
    );
    await world.finish();
  });

  it('is full at its bound of bytes', async () => {
    const world = new World(() => true, { bytesMax: 10 });
    world.queue.push(100);
    assert.equal(world.log.includes('full'), false, 'what is in hand does not count');
    world.queue.push(9);
    world.queue.push(1);
    assert.equal(world.log.at(-1), 'full');
    await world.finish();
    assert.equal(world.log.filter((e) => e === 'room').length, 1);
  });

  it('a handler that rejects all the same holds nobody up', async () => {
    const handled: number[] = [];
    const queue = new SerialQueue<number>(BOUNDS, {
      handle: async (item) => {
        handled.push(item);
        throw new Error('must not');
      },
      sizeOf: () => 1,
      onFull: assert.fail,
      onRoom: assert.fail,
    });
    for (const item of [1, 2]) queue.push(item);
    await nextTurn();
    assert.deepEqual(handled, [1, 2]);
  });

  it('forgets what waits, finishes what it has in hand, and has room then', async () => {
    const world = new World(() => true);
    for (const item of [1, 2, 3, 4, 5]) world.queue.push(item);
    world.queue.clear();
    assert.equal(world.log.at(-1), 'room');
    await world.finish();
    assert.deepEqual(world.log, ['+1', 'full', 'room', '-1']);
    world.queue.push(6);
    assert.equal(world.log.at(-1), '+6');
  });

  it('says when nothing is left to do: now, or later, and once', async () => {
    const world = new World((item) => item < 10);
    world.queue.whenIdle(() => world.log.push('idle'));
    assert.deepEqual(world.log, ['idle']);
    for (const item of [1, 2]) world.queue.push(item);
    world.queue.whenIdle(() => world.log.push('replaced'));
    world.queue.whenIdle(() => world.log.push('idle'));
    await world.finish(1);
    assert.equal(world.log.at(-1), '+2');
    await world.finish();
    assert.deepEqual(world.log.slice(-2), ['-2', 'idle']);
    world.queue.push(3);
    await world.finish();
    assert.equal(world.log.at(-1), '-3');
  });

  it('says so also when it is asked from within a handler that takes no time', () => {
    const log: string[] = [];
    const queue: SerialQueue<number> = new SerialQueue(BOUNDS, {
      handle: () => {
        queue.whenIdle(() => log.push('idle'));
        log.push('handled');
      },
      sizeOf: () => 1,
      onFull: assert.fail,
      onRoom: assert.fail,
    });
    queue.push(1);
    assert.deepEqual(log, ['handled', 'idle']);
  });

  it('property: order, one at a time, full and room in turns, no lost wake-up', async () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 30 }), takesTime: fc.boolean() }),
      fc.constant('finish' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const slow = new Set<number>();
        const sizes: number[] = [];
        const world = new World((item) => slow.has(item), {
          sizeOf: (item) => sizes[item] ?? 0,
          max: 5,
          bytesMax: 60,
        });
        let pushed = 0;
        for (const s of steps) {
          if (s === 'finish') await world.finish(1);
          else {
            sizes[pushed] = s.push;
            if (s.takesTime) slow.add(pushed);
            world.queue.push(pushed++);
          }
        }
        await world.finish();
        const items = world.log.filter((e) => e !== 'full' && e !== 'room');
        assert.deepEqual(items, Array.from({ length: pushed }, (_, i) => [`+${i}`, `-${i}`]).flat());
        const turns = world.log.filter((e) => e === 'full' || e === 'room');
        for (const [i, turn] of turns.entries()) assert.equal(turn, i % 2 === 0 ? 'full' : 'room');
        assert.equal(turns.length % 2, 0, 'whoever was told to stop is told to go on');
      }),
      { numRuns: 200 },
    );
  });
});
