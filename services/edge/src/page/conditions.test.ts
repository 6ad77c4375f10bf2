import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptsEncoding, matchesTag } from './conditions.ts';

test('RFC 9110 §12.5.3 Accept-Encoding', () => {
  const table: readonly (readonly [string | undefined, boolean])[] = [
    [undefined, false],
    ['', false],
    ['br', true],
    ['gzip, deflate, br, zstd', true],
    ['gzip;q=1.0, BR;q=0.5', true],
    ['br;q=0', false],
    ['br; q=0.000', false],
    ['br;q=0.001', true],
    ['brx, xbr', false],
    ['*', false],
  ];
  for (const [header, accepted] of table) assert.equal(acceptsEncoding(header, 'br'), accepted, header);
});

test('RFC 9110 §13.1.2 If-None-Match', () => {
  const table: readonly (readonly [string | undefined, boolean])[] = [
    [undefined, false],
    ['', false],
    ['"a"', true],
    ['W/"a"', true],
    ['"b", W/"a"', true],
    ['"b"', false],
    ['a', false],
    ['*', true],
  ];
  for (const [header, matches] of table) assert.equal(matchesTag(header, '"a"'), matches, header);
});
