import type { Server } from 'node:net';

/** Connections that the kernel holds for us while the loop is busy: a herd that reconnects is not turned away. */
const BACKLOG = 4096;

/**
 * Starts a server of node:net or node:http; resolves with its port.
 * @throws the error of listen(2): EADDRINUSE, EACCES …
 */
export function listen(server: Server, { host, port }: { host?: string | undefined; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, backlog: BACKLOG, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Accepts no more; what is open stays. */
export function stopListening(server: Server): Promise<void> {
  // close() calls back when the last connection has ended, but the port is free at the end of this turn.
  server.close();
  return new Promise((resolve) => setImmediate(resolve));
}
