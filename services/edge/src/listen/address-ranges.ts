import { BlockList, isIP, isIPv4 } from 'node:net';
import { ConfigError } from '@starling/runtime';

/** Whose word is taken for the address of a client: proxies and load balancers of the operator. */
export interface AddressRanges {
  readonly isEmpty: boolean;
  /** Of a plain address. */
  has(address: string): boolean;
}

const familyOf = (address: string) => (isIPv4(address) ? 'ipv4' : 'ipv6');

/**
 * '10.0.0.0/8, 2001:db8::/32, 192.0.2.1'.
 * @param key the variable that it stands in, for the message
 * @throws ConfigError naming what is no range: to believe nobody, or everybody, instead would be worse than not to start
 */
export function parseAddressRanges(text: string, key: string): AddressRanges {
  const list = new BlockList();
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const wrong = parts.filter((part) => !addTo(list, part));
  if (wrong.length > 0)
    throw new ConfigError(wrong.map((part) => `${key}: '${part}' is neither an address nor a range (10.0.0.0/8)`));
  return {
    isEmpty: parts.length === 0,
    has: (address) => isIP(address) !== 0 && list.check(address, familyOf(address)),
  };
}

function addTo(list: BlockList, part: string): boolean {
  const [address = '', prefix, ...rest] = part.split('/');
  const bits = prefix === undefined ? undefined : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  const bitsMax = isIPv4(address) ? 32 : 128;
  if (isIP(address) === 0 || rest.length > 0 || (bits !== undefined && (bits < 0 || bits > bitsMax))) return false;
  if (bits === undefined) list.addAddress(address, familyOf(address));
  else list.addSubnet(address, bits, familyOf(address));
  return true;
}
