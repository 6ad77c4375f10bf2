import assert from 'node:assert/strict';
import { it } from 'node:test';
import { silentLogger } from '@starling/runtime';
import { PauseGuard } from './pause-guard.ts';

const RELEASE_MS = 60_000;

function world() {
  const flushes: (() => void)[] = [];
  const bus = { flush: () => new Promise<void>((resolve) => void flushes.push(resolve)) };
  const guard = new PauseGuard({ bus, releaseTimeoutMs: RELEASE_MS, log: silentLogger });
  return { guard, flushes };
}

it('an edge that runs reads on', () => {
  const { guard, flushes } = world();
  assert.equal(guard.behind(performance.now() + RELEASE_MS / 4), undefined);
  assert.equal(flushes.length, 0);
});

it('after a pause nothing is read before the bus has been, once for all streams', async () => {
  const { guard, flushes } = world();
  const later = performance.now() + RELEASE_MS;
  const first = guard.behind(later);
  assert.ok(first);
  assert.equal(guard.behind(later), first);
  assert.equal(guard.behind(performance.now()), first, 'for who looks at the clock again as well');
  assert.equal(flushes.length, 1);
  flushes[0]?.();
  await first;
  assert.equal(guard.behind(performance.now()), undefined);
});

it('a bus that is away holds nobody up', async () => {
  const bus = { flush: () => Promise.reject(new Error('away')) };
  const guard = new PauseGuard({ bus, releaseTimeoutMs: RELEASE_MS, log: silentLogger });
  await guard.behind(performance.now() + RELEASE_MS);
  assert.equal(guard.behind(performance.now()), undefined);
});
