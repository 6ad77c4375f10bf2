import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ConnectionLimits } from './connection-limits.ts';

describe('connection limits', () => {
  it('count what is open, whatever comes and goes', () => {
    const addresses = ['127.0.0.1', '::1', '192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2'];
    const step = fc.record({ address: fc.constantFrom(...addresses), enters: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step), fc.boolean(), (steps, limitLoopback) => {
        const limits = new ConnectionLimits({ connectionsMax: 5, connectionsPerAddressMax: 2, limitLoopback });
        const open: string[] = [];
        // The two IPv6 addresses are one peer.
        const peers = (address: string) =>
          open.filter((o) => o === address || (o.startsWith('2001') && address.startsWith('2001')));
        for (const { address, enters } of steps) {
          if (enters) {
            const spared = !limitLoopback && (address === '::1' || address.startsWith('127.'));
            const expected = open.length < 5 && (spared || peers(address).length < 2);
            assert.equal(limits.enter(address), expected);
            if (expected) open.push(address);
          } else if (open.includes(address)) {
            open.splice(open.indexOf(address), 1);
            limits.leave(address);
          }
          assert.equal(limits.open, open.length);
        }
      }),
    );
  });
});
