import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatBytes, formatDurationMs, parseBytes, parseDurationMs } from './units.ts';

test('sizes', () => {
  const table: readonly (readonly [string, number | undefined])[] = [
    ['0', 0],
    ['10000', 10_000],
    ['1 B', 1],
    ['256KiB', 262_144],
    ['1kB', 1000],
    ['2MiB', 2_097_152],
    ['1GB', 1e9],
    ['1.5MiB', undefined],
    ['-1', undefined],
    ['1kib', undefined],
    ['', undefined],
    ['9007199254740993', undefined],
    ['999999999999999GiB', undefined],
  ];
  for (const [text, value] of table) assert.equal(parseBytes(text), value, text);
});

test('durations', () => {
  const table: readonly (readonly [string, number | undefined])[] = [
    ['0', 0],
    ['250ms', 250],
    ['25s', 25_000],
    ['10m', 600_000],
    ['4h', 14_400_000],
    ['7d', 604_800_000],
    ['25', undefined],
    ['1m30s', undefined],
    ['1 week', undefined],
  ];
  for (const [text, value] of table) assert.equal(parseDurationMs(text), value, text);
});

test('what is formatted is read back exactly', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 40 }), (n) => {
      assert.equal(parseBytes(formatBytes(n)), n);
      assert.equal(parseDurationMs(formatDurationMs(n)), n);
    }),
  );
  assert.deepEqual([formatBytes(262_144), formatDurationMs(90_000), formatDurationMs(0)], ['256KiB', '90s', '0ms']);
});
