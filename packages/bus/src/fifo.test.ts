import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { Fifo } from './fifo.ts';

it('a Fifo does what an array does', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('push' as const), count: fc.nat(900) }),
    fc.record({ do: fc.constant('shift' as const), count: fc.nat(5) }),
    fc.record({ do: fc.constant('drop' as const), count: fc.nat(1500) }),
    fc.record({ do: fc.constant('clear' as const), count: fc.constant(1) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(20), (steps, at) => {
      const fifo = new Fifo<number>();
      let model: number[] = [];
      let next = 1;
      for (const { do: action, count } of steps) {
        if (action === 'push') {
          for (let i = 0; i < count; i++, next++) {
            fifo.push(next);
            model.push(next);
          }
        } else if (action === 'shift') for (let i = 0; i < count; i++) assert.equal(fifo.shift(), model.shift());
        else if (action === 'drop') {
          fifo.drop(count);
          model = model.slice(count);
        } else {
          fifo.clear();
          model = [];
        }
        assert.equal(fifo.length, model.length);
        assert.equal(fifo.at(0), model[0]);
        assert.equal(fifo.at(at), model[at]);
        assert.deepEqual(fifo.slice(at, 3), model.slice(at, at + 3));
      }
    }),
  );
});
