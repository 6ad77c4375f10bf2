import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pacer } from './pacer.ts';

test('over a time exactly its rate, however often it is asked', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50_000 }),
      fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 50 }),
      (perSecond, steps) => {
        const pacer = new Pacer(perSecond, 1_000);
        let nowMs = 1_000;
        let sent = 0;
        for (const step of steps) {
          nowMs += step;
          sent += pacer.due(nowMs);
        }
        const wanted = ((nowMs - 1_000) / 1_000) * perSecond;
        assert.ok(sent <= wanted + 1e-6 && sent > wanted - 1.001, `${sent} instead of ${wanted}`);
      },
    ),
  );
});

test('after a long pause one second is made up for', () => {
  const pacer = new Pacer(1_000, 0);
  assert.equal(pacer.due(60_000), 1_000);
  assert.equal(pacer.due(60_001), 1);
});
