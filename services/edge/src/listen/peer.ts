import { isIPv4 } from 'node:net';

/** The address as it is counted and logged: an IPv4 address in IPv6 clothes (::ffff:192.0.2.1) is that IPv4 address. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  const last = address.slice(address.lastIndexOf(':') + 1);
  return address.startsWith('::ffff:') && isIPv4(last) ? last : address;
}

/** Whether a plain address is of this machine: 127.0.0.0/8 or ::1. */
export const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/** What one peer is taken to be: an IPv4 address, or a /64 of IPv6, since whoever has one of those addresses has them all. */
export function networkOf(address: string): string {
  return isIPv4(address) ? address : `${addressBytes(address).subarray(0, 8).toString('hex')}/64`;
}

/** The 4 or 16 bytes of an address that node:net has found valid; a zone is left out. */
export function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const last = address.slice(address.lastIndexOf(':') + 1);
  if (isIPv4(last)) {
    const hex = addressBytes(last).toString('hex');
    return addressBytes(`${address.slice(0, -last.length)}${hex.slice(0, 4)}:${hex.slice(4)}`);
  }
  const [head, tail] = (address.split('%')[0] ?? '').split('::').map((side) => side.split(':').filter((g) => g !== ''));
  const [before, after] = [head ?? [], tail ?? []];
  const zeros = Array<string>(Math.max(8 - before.length - after.length, 0)).fill('0');
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex');
}
