import { isIP } from 'node:net';
import type { AddressRanges } from './address-ranges.ts';
import { plainAddress } from './peer.ts';

/**
 * The address of the client of an HTTP request: that of the connection, or, when a proxy of ours has made it, what the proxy has written
 * last into X-Forwarded-For. Everything left of the first address that is not one of our proxies came from outside, and is not believed.
 */
export function clientAddress(peer: string, forwardedFor: string, proxies: AddressRanges): string {
  if (proxies.isEmpty || forwardedFor === '') return peer;
  let address = peer;
  for (const entry of forwardedFor.split(',').reverse()) {
    const next = addressIn(entry);
    if (!proxies.has(address) || next === undefined) break;
    address = next;
  }
  return address;
}

/** '192.0.2.1', '192.0.2.1:4711', '2001:db8::1', '[2001:db8::1]:4711'. */
function addressIn(entry: string): string | undefined {
  const text = entry.trim();
  const [, address = text] = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text) ?? [];
  return isIP(address) === 0 ? undefined : plainAddress(address);
}
