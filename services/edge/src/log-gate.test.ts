import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log } from '@starling/bus';
import { LogGate } from './log-gate.ts';

/** A log that is congested at `max` pending appends, and drained at half of them. */
class World {
  readonly started: number[] = [];
  readonly #pending: (() => void)[] = [];
  #handlers: (() => void)[] = [];
  congested = false;
  readonly gate: LogGate;
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
    this.gate = new LogGate(this as unknown as Log);
  }

  onDrained(handler: () => void): void {
    if (this.congested) this.#handlers.push(handler);
    else queueMicrotask(handler);
  }

  append(i: number): Promise<void> {
    this.started.push(i);
    const appended = new Promise<void>((resolve) => this.#pending.push(resolve));
    if (this.#pending.length >= this.#max) this.congested = true;
    return appended;
  }

  /** As an edge does it. */
  send(i: number): Promise<void> {
    return this.gate.closed ? this.gate.wait(() => this.append(i)) : this.append(i);
  }

  acknowledge(count: number): void {
    for (let i = 0; i < count; i++) this.#pending.shift()?.();
    if (!this.congested || this.#pending.length > this.#max / 2) return;
    this.congested = false;
    const handlers = this.#handlers;
    this.#handlers = [];
    for (const handler of handlers) handler();
  }
}

test('while the log is congested nobody appends; then all do in their turn, and never too many at once', async () => {
  const world = new World(4);
  const waiting = () => world.gate.length;
  const sent = Array.from({ length: 20 }, (_, i) => world.send(i));
  assert.deepEqual(world.started, [0, 1, 2, 3]);
  assert.equal(waiting(), 16);
  world.acknowledge(1);
  assert.equal(world.started.length, 4, 'not before it is drained');
  while (waiting() > 0) {
    const before = world.started.length;
    world.acknowledge(2);
    assert.ok(world.started.length - before <= 4);
    assert.ok(world.congested || waiting() === 0);
  }
  world.acknowledge(20);
  await Promise.all(sent);
  assert.deepEqual(
    world.started,
    Array.from({ length: 20 }, (_, i) => i),
  );
  assert.equal(world.gate.closed, false);
});

test('who comes later does not overtake who waits', async () => {
  const world = new World(1);
  const first = world.send(0);
  const second = world.send(1);
  world.acknowledge(1);
  const third = world.send(2);
  assert.deepEqual(world.started, [0, 1]);
  world.acknowledge(1);
  world.acknowledge(1);
  await Promise.all([first, second, third]);
  assert.deepEqual(world.started, [0, 1, 2]);
});

test('a refusal reaches who sent it', async () => {
  const world = new World(1);
  void world.send(0);
  const refused = world.gate.wait(() => Promise.reject(new Error('full')));
  world.acknowledge(1);
  await assert.rejects(refused, { message: 'full' });
});
