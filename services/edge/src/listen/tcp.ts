import { createServer, type Socket } from 'node:net';
import { parseAddressRanges } from './address-ranges.ts';
import type { ByteChannel, Listener, OnConnection } from './byte-channel.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { listen, stopListening } from './node-server.ts';
import { Proxied, type ProxiedOptions } from './proxied.ts';
import { TcpChannel } from './tcp-channel.ts';
import type { TlsIdentity } from './tls-context.ts';
import { Turn } from './turn.ts';

/** Dead peers are found by the kernel even when nobody sends anything. */
const KEEP_ALIVE_AFTER_MS = 60_000;
const NOBODY = parseAddressRanges('', '');

export interface TcpOptions {
  /** Default: all addresses, IPv6 and IPv4. */
  readonly host?: string | undefined;
  /** 0 = any. */
  readonly port: number;
  /** Without it there is no STARTTLS and no direct TLS. */
  readonly tls?: TlsIdentity | undefined;
  /** TLS from the first byte (XEP-0368) instead of STARTTLS. */
  readonly direct?: boolean;
  /** Bytes that one connection may have waiting to be sent. */
  readonly sendBufferBytesMax: number;
  readonly limits: ConnectionLimits;
  /** Load balancers that say by the PROXY protocol whose connection it is; default: none. */
  readonly proxies?: Pick<ProxiedOptions, 'proxies' | 'headerTimeoutMs'> | undefined;
}

/**
 * Listens for XMPP over TCP (RFC 6120 §3). The handler is called before anything is read, also before a direct TLS handshake, so that the
 * stream's own timer bounds that too.
 * @throws the error of listen(2): EADDRINUSE, EACCES …
 */
export async function openTcpListener(options: TcpOptions, onConnection: OnConnection): Promise<Listener> {
  if (options.direct === true && options.tls === undefined) throw new Error('direct TLS needs a certificate');
  const turn = new Turn();
  const { limits, proxies = { proxies: NOBODY, headerTimeoutMs: 0 } } = options;
  const proxied = new Proxied({ ...proxies, limits });
  const server = createServer(
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS, allowHalfOpen: true },
    (connected) =>
      proxied.identify(connected, (socket, address) => {
        const channel = accept(socket, address, options, turn);
        if (channel !== undefined) onConnection(channel);
      }),
  );
  const port = await listen(server, options);
  server.on('error', () => limits.hit('accept'));
  return {
    port,
    stop: () => {
      proxied.stop();
      return stopListening(server);
    },
  };
}

function accept(
  socket: Socket,
  address: string,
  { limits, tls, direct, sendBufferBytesMax }: TcpOptions,
  turn: Turn,
): ByteChannel | undefined {
  // Without an address the peer has gone again already.
  if (address === '' || !limits.enter(address)) {
    socket.destroy();
    return undefined;
  }
  return new TcpChannel(socket, { address, tls, direct: direct === true, sendBufferBytesMax, limits, turn });
}
