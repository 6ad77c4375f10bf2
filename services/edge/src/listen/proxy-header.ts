// Source: HAProxy, "The PROXY protocol, versions 1 & 2", §2.2 (binary header). Version 1, which is text, is not spoken here.
import { SocketAddress } from 'node:net';

/** §2.2: it can begin no stream of XMPP and no TLS handshake. */
const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
/** Signature, version and command, family and transport, length of the rest. */
const FIXED_BYTES = 16;
const VERSION = 2;
const COMMAND = { local: 0, proxy: 1 } as const;
/** Family in the high half, transport in the low one. */
const UNSPECIFIED = 0x00;
const STREAM = { ipv4: 0x11, ipv6: 0x21 } as const;
/** Two addresses, two ports. */
const ADDRESS_BYTES = { ipv4: 12, ipv6: 36 } as const;
/** Addresses and what vendors add (§2.2.1 to §2.2.8: TLVs); the length could say 64 KiB. */
export const PROXY_HEADER_BYTES_MAX = 4_096;

export type ProxyHeader =
  /** What is here so far is right. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'malformed' }
  /** `source`: the client's address; undefined when the proxy speaks for itself (a health check) or does not know it. */
  | { readonly kind: 'complete'; readonly bytes: number; readonly source: string | undefined };

const INCOMPLETE: ProxyHeader = { kind: 'incomplete' };
const MALFORMED: ProxyHeader = { kind: 'malformed' };

/**
 * Reads what stands before a connection's first byte. Anything but a whole and legal header of version 2 for TCP is malformed: who is
 * told to expect one must not guess whether there is one (§5).
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const seen = Math.min(buffer.length, SIGNATURE.length);
  if (!buffer.subarray(0, seen).equals(SIGNATURE.subarray(0, seen))) return MALFORMED;
  if (buffer.length < FIXED_BYTES) return INCOMPLETE;
  const version = buffer.readUInt8(12) >> 4;
  const command = buffer.readUInt8(12) & 0x0f;
  const family = buffer.readUInt8(13);
  const restBytes = buffer.readUInt16BE(14);
  const totalBytes = FIXED_BYTES + restBytes;
  if (version !== VERSION || totalBytes > PROXY_HEADER_BYTES_MAX) return MALFORMED;
  if (command !== COMMAND.local && command !== COMMAND.proxy) return MALFORMED;
  if (buffer.length < totalBytes) return INCOMPLETE;
  // §2.2: with LOCAL, and with UNSPEC, whatever stands there as an address is not looked at.
  if (command === COMMAND.local || family === UNSPECIFIED)
    return { kind: 'complete', bytes: totalBytes, source: undefined };
  const rest = buffer.subarray(FIXED_BYTES, totalBytes);
  if (family === STREAM.ipv4 && restBytes >= ADDRESS_BYTES.ipv4)
    return { kind: 'complete', bytes: totalBytes, source: [...rest.subarray(0, 4)].join('.') };
  if (family === STREAM.ipv6 && restBytes >= ADDRESS_BYTES.ipv6)
    return { kind: 'complete', bytes: totalBytes, source: ipv6Of(rest.subarray(0, 16)) };
  // Datagrams and UNIX sockets do not come over TCP; the rest is unspecified "and must be rejected as invalid".
  return MALFORMED;
}

/** In its shortest form, as node:net writes addresses. */
function ipv6Of(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
