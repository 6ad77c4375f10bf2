import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddressRanges } from './address-ranges.ts';
import { clientAddress } from './forwarded.ts';

const proxies = parseAddressRanges('10.0.0.0/8', 'STARLING_X');
const nobody = parseAddressRanges('', 'STARLING_X');

test('the address of a client is what our own proxies say, from right to left', () => {
  const cases: readonly (readonly [peer: string, forwarded: string, client: string])[] = [
    ['10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
    ['10.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['10.0.0.1', '2001:db8::1', '2001:db8::1'],
    ['10.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
    ['10.0.0.1', '203.0.113.9, 10.0.0.2', '203.0.113.9'],
    // What the client itself has sent stands left of what the proxy has seen.
    ['10.0.0.1', '127.0.0.1, 203.0.113.9', '203.0.113.9'],
    ['10.0.0.1', '', '10.0.0.1'],
    ['10.0.0.1', 'unknown', '10.0.0.1'],
    ['10.0.0.1', '203.0.113.9, unknown', '10.0.0.1'],
    ['203.0.113.7', '203.0.113.9', '203.0.113.7'],
  ];
  for (const [peer, forwarded, client] of cases)
    assert.equal(clientAddress(peer, forwarded, proxies), client, `${peer} ${forwarded}`);
  assert.equal(clientAddress('10.0.0.1', '203.0.113.9', nobody), '10.0.0.1');
});
