import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryOf } from '../testing/sample.ts';
import { parseLine } from './orders.ts';

test('lines of the generator, and nothing else', () => {
  const line = memoryOf(1, { edge: 2 });
  assert.deepEqual(parseLine(JSON.stringify(line)), line);
  for (const text of ['{}', 'null', '"window"', '{"kind":"other"}'])
    assert.throws(() => parseLine(text), /not a line of the generator/);
  assert.throws(() => parseLine('(node:1) a warning'), SyntaxError);
});
