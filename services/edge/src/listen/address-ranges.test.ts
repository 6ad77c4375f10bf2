import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '@starling/runtime';
import { parseAddressRanges } from './address-ranges.ts';

const parse = (text: string) => parseAddressRanges(text, 'STARLING_X');

describe('address ranges', () => {
  it('hold addresses of both families, and no others', () => {
    const ranges = parse('10.0.0.0/8, 192.0.2.1 ,2001:db8::/32');
    for (const address of ['10.0.0.0', '10.255.255.255', '192.0.2.1', '2001:db8::1']) assert.ok(ranges.has(address));
    for (const address of ['11.0.0.0', '192.0.2.2', '2001:db9::1', '::1', '', 'example.com'])
      assert.ok(!ranges.has(address), address);
    assert.equal(ranges.isEmpty, false);
  });
  it('may be none, or everybody', () => {
    assert.ok(parse('').isEmpty && parse(' , ').isEmpty);
    assert.ok(!parse('').has('127.0.0.1'));
    const everybody = parse('0.0.0.0/0, ::/0');
    assert.ok(everybody.has('203.0.113.9') && everybody.has('2001:db8::1'));
  });
  it('are refused when they are none, all at once', () => {
    for (const text of ['10.0.0.0/33', '10.0.0/8', 'localhost', '::1/129', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1'])
      assert.throws(() => parse(text), ConfigError, text);
    assert.throws(() => parse('10.0.0.0/8, a, b'), /STARLING_X: 'a'[\s\S]*'b'/);
  });
});
