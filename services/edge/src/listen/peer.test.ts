import assert from 'node:assert/strict';
import { SocketAddress } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addressBytes, isLoopback, networkOf, plainAddress } from './peer.ts';

describe('an address', () => {
  it('is plain', () => {
    assert.equal(plainAddress(undefined), '');
    assert.equal(plainAddress('192.0.2.1'), '192.0.2.1');
    assert.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1');
    assert.equal(plainAddress('2001:db8::1'), '2001:db8::1');
    assert.equal(plainAddress('::ffff:1'), '::ffff:1');
  });
  it('is of this machine or not', () => {
    for (const address of ['127.0.0.1', '127.255.0.9', '::1']) assert.ok(isLoopback(address));
    for (const address of ['128.0.0.1', '12.7.0.0', '::2', '::', '2001:db8::1', '']) assert.ok(!isLoopback(address));
  });
  it('of IPv6 counts with its /64', () => {
    assert.equal(networkOf('192.0.2.1'), '192.0.2.1');
    assert.equal(networkOf('2001:db8:0:1::1'), networkOf('2001:db8:0:1:ffff:ffff:ffff:ffff'));
    assert.notEqual(networkOf('2001:db8:0:1::1'), networkOf('2001:db8:0:2::1'));
    assert.equal(networkOf('fe80::1%eth0'), networkOf('fe80::2'));
  });
  it('has the bytes that the system writes', () => {
    assert.deepEqual(addressBytes('192.0.2.255'), Buffer.of(192, 0, 2, 255));
    assert.deepEqual(addressBytes('::'), Buffer.alloc(16));
    assert.equal(addressBytes('64:ff9b::192.0.2.1').toString('hex'), '0064ff9b0000000000000000c0000201');
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 }), (groups) => {
        const full = groups.map((g) => g.toString(16).padStart(4, '0'));
        const short = new SocketAddress({ address: full.join(':'), family: 'ipv6' }).address;
        assert.equal(addressBytes(short).toString('hex'), full.join(''));
        assert.equal(addressBytes(full.join(':')).toString('hex'), full.join(''));
      }),
    );
  });
});
