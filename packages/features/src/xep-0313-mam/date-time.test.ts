import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDateTime } from './date-time.ts';

test('XEP-0082 §3.2', () => {
  const table: readonly (readonly [string, number | undefined])[] = [
    ['1969-07-21T02:56:15Z', Date.UTC(1969, 6, 21, 2, 56, 15)],
    ['1969-07-20T21:56:15-05:00', Date.UTC(1969, 6, 21, 2, 56, 15)],
    ['2024-02-29T23:59:59.1234567Z', Date.UTC(2024, 1, 29, 23, 59, 59, 123)],
    ['2023-02-29T00:00:00Z', undefined],
    ['2023-04-31T00:00:00+01:00', undefined],
    ['2023-13-01T00:00:00Z', undefined],
    ['2023-01-01T25:00:00Z', undefined],
    ['2023-01-01T00:00:00', undefined],
    ['2023-01-01', undefined],
    ['20230101T00:00:00', undefined],
    ['2023-01-01t00:00:00z', undefined],
    [' 2023-01-01T00:00:00Z', undefined],
    ['', undefined],
  ];
  for (const [text, atMs] of table) assert.equal(parseDateTime(text), atMs, text);
});

test('property: every time that we write is read as it was', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }), (atMs) => {
      assert.equal(parseDateTime(new Date(atMs).toISOString()), atMs);
    }),
  );
});
