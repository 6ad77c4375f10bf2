import { createConnection, createServer, type Socket } from 'node:net';

/** An edge that has not accepted by then is skipped. */
const CONNECT_TIMEOUT_MS = 1_000;

export interface RoundRobinOptions {
  readonly host: string;
  /** 0 = any. */
  readonly port: number;
  /** Ports of the edges on this machine, asked anew for each connection: an edge may come back elsewhere. */
  readonly targets: () => readonly number[];
  /** Connections at the same time; the next one is closed at once. */
  readonly connectionsMax: number;
}

export interface RoundRobin {
  readonly port: number;
  /** Connections under way. */
  readonly connections: number;
  /** Stops listening and cuts what is under way. */
  stop(): Promise<void>;
}

/**
 * The load balancer of a cluster on one machine: each TCP connection goes to the next edge that accepts it. It passes bytes and
 * knows no XMPP. When an edge dies, the connections it had are cut, as a real balancer does.
 * @throws what `listen` says, EADDRINUSE for example
 */
export async function startRoundRobin({ host, port, targets, connectionsMax }: RoundRobinOptions): Promise<RoundRobin> {
  const clients = new Set<Socket>();
  let turn = 0;

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    client.on('error', () => client.destroy()); // Policy: a broken client is only cut; the edge sees the close.
    const ports = targets();
    const first = turn++;
    tryNext(
      client,
      ports.map((_, n) => ports[(first + n) % ports.length] ?? 0),
    );
  });
  server.maxConnections = connectionsMax;

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    get connections() {
      return clients.size;
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const client of clients) client.destroy();
      await closed;
    },
  };
}

/** Hands the client to the first of these ports that accepts, or cuts it. */
function tryNext(client: Socket, ports: readonly number[]): void {
  const [port, ...rest] = ports;
  if (client.destroyed) return;
  if (port === undefined) {
    client.destroy();
    return;
  }
  const edge = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const giveUp = (): void => {
    edge.destroy();
    tryNext(client, rest);
  };
  edge.once('error', giveUp);
  edge.setTimeout(CONNECT_TIMEOUT_MS, giveUp);
  edge.once('connect', () => {
    edge.setTimeout(0);
    edge.off('error', giveUp);
    edge.on('error', () => edge.destroy()); // Policy: as above, a broken connection is cut on both sides.
    edge.on('close', () => client.destroy());
    client.on('close', () => edge.destroy());
    if (client.destroyed) {
      edge.destroy();
      return;
    }
    client.pipe(edge);
    edge.pipe(client);
  });
}
