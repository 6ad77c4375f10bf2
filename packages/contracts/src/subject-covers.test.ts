import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { subjectCovers } from './subject-covers.ts';

const part = fc.constantFrom('a', 'b', 'c');
const subject = fc.array(part, { minLength: 1, maxLength: 4 });
const pattern = fc
  .tuple(fc.array(fc.oneof(part, fc.constant('*')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([parts, open]) => [...parts, ...(open ? ['>'] : [])]);

test('a pattern covers what it stands for', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['m.*.*', 'm.7.alice', true],
    ['m.*.*', 'm.*.*', true],
    ['m.*.*', 'm.>', false],
    ['m.>', 'm.*.*', true],
    ['m.>', 'm', false],
    ['>', 'm.>', true],
    ['*', '>', false],
    ['edge.*', 'edge.e1.kick', false],
    ['edge.*.*', 'edge.e1.kick', true],
    ['a.b', 'a.b.c', false],
    ['a.b', 'a.*', false],
  ];
  for (const [wide, narrow, expected] of cases)
    assert.equal(subjectCovers(wide, narrow), expected, `${wide} ${narrow}`);
});

test('it covers itself, and what a pattern that it covers covers', () => {
  fc.assert(
    fc.property(pattern, pattern, subject, (a, b, s) => {
      assert.ok(subjectCovers(a.join('.'), a.join('.')));
      if (subjectCovers(a.join('.'), b.join('.')) && subjectCovers(b.join('.'), s.join('.')))
        assert.ok(subjectCovers(a.join('.'), s.join('.')));
    }),
  );
});
