import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ScatteredOrder } from './login-order.ts';

test('every number has one place', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 3_000 }), (count) => {
      const order = new ScatteredOrder(count);
      const places = Array.from({ length: count }, (_, place) => order.at(place));
      assert.equal(new Set(places).size, count);
      for (const [place, number] of places.entries()) assert.equal(order.placeOf(number), place);
    }),
  );
});

test('ten millions are counted exactly', () => {
  const order = new ScatteredOrder(10_000_000);
  for (const place of [0, 1, 4_999_999, 9_999_999]) assert.equal(order.placeOf(order.at(place)), place);
});
