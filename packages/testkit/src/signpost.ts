import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import type { Endpoint } from './channel.ts';

const HOST = '127.0.0.1';

/**
 * The one address that a client knows, in front of edges: it says which edge a new connection leads to. When an edge dies, its connections are
 * cut, as a load balancer cuts them; where the next ones lead is the test's to say, and until then they wait.
 */
export class Signpost {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #waiting: Socket[] = [];
  #knocked: () => void = () => undefined;
  #target: number | undefined;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (client) => this.#arrive(client));
  }

  static async start(): Promise<Signpost> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, HOST);
    await once(server, 'listening');
    return new Signpost(server);
  }

  /** What a client is told instead of an edge's own. */
  endpoint(transport: Endpoint['transport']): Endpoint {
    return { transport, host: HOST, port: (this.#server.address() as AddressInfo).port };
  }

  /** New connections go there, and those that wait. */
  lead({ port }: Pick<Endpoint, 'port'>): void {
    this.#target = port;
    for (const client of this.#waiting.splice(0)) this.#pass(client, port);
  }

  /** From now on new connections wait. */
  hold(): void {
    this.#target = undefined;
  }

  /** As soon as somebody waits. */
  async knock(): Promise<void> {
    if (this.#waiting.length > 0) return;
    await new Promise<void>((resolve) => {
      this.#knocked = resolve;
    });
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy()); // Policy: a broken connection is cut on both sides.
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #arrive(client: Socket): void {
    this.#keep(client);
    if (this.#target !== undefined) {
      this.#pass(client, this.#target);
      return;
    }
    this.#waiting.push(client);
    client.on('close', () => {
      this.#waiting = this.#waiting.filter((socket) => socket !== client);
    });
    this.#knocked();
  }

  #pass(client: Socket, port: number): void {
    const edge = createConnection({ port, host: HOST, allowHalfOpen: true, noDelay: true });
    this.#keep(edge);
    edge.on('close', () => client.destroy());
    client.on('close', () => edge.destroy());
    client.pipe(edge);
    edge.pipe(client);
  }
}
