import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TimerWheel } from './timer-wheel.ts';

test('property: everything is due once, when its last schedule said', () => {
  const command = fc.record(
    { item: fc.nat(5), ticks: fc.integer({ min: 1, max: 8 }), after: fc.nat(3), remove: fc.boolean() },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
      const wheel = new TimerWheel<number>(8);
      const expected = new Map<number, number>();
      let now = 0;
      const goOn = () => {
        now++;
        const due = [...expected].filter(([, at]) => at === now).map(([item]) => item);
        for (const item of due) expected.delete(item);
        assert.deepEqual([...wheel.tick()].sort(), due.sort());
      };
      for (const { item, ticks, after, remove } of commands) {
        if (remove) wheel.remove(item);
        else wheel.schedule(item, ticks);
        if (remove) expected.delete(item);
        else expected.set(item, now + ticks);
        for (let i = 0; i < after; i++) goOn();
        assert.equal(wheel.size, expected.size);
      }
      for (let i = 0; i < 9; i++) goOn();
      assert.equal(wheel.size, 0);
    }),
  );
});
