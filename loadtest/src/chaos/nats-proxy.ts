import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

const HOST = '127.0.0.1';

/** A connection of somebody to a server, with his name as he told it. */
interface Pipe {
  readonly client: Socket;
  readonly server: Socket;
  name: string;
}

/** Stands in front of a NATS server and can keep somebody from it: bytes wait, as they do in a network that has broken. */
export class NatsProxy {
  readonly url: string;
  readonly #server: Server;
  readonly #pipes = new Set<Pipe>();
  readonly #cut = new Set<string>();

  private constructor(server: Server) {
    this.#server = server;
    this.url = `nats://${HOST}:${(server.address() as AddressInfo).port}`;
  }

  static async start(port: number): Promise<NatsProxy> {
    const server = createServer({ noDelay: true });
    server.listen(0, HOST);
    await once(server, 'listening');
    const proxy = new NatsProxy(server);
    server.on('connection', (client) => proxy.#connect(client, port));
    return proxy;
  }

  /** Nothing passes between the server and whoever has this name, or one that begins with it and a dash. */
  cut(name: string): void {
    this.#cut.add(name);
    for (const pipe of this.#pipes) if (this.#isCut(pipe)) stop(pipe);
  }

  heal(): void {
    const cut = [...this.#pipes].filter((pipe) => this.#isCut(pipe));
    this.#cut.clear();
    for (const pipe of cut) start(pipe);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const { client, server } of this.#pipes) {
      client.destroy();
      server.destroy();
    }
    await closed;
  }

  #connect(client: Socket, port: number): void {
    const server = connect({ host: HOST, port, noDelay: true });
    const pipe: Pipe = { client, server, name: '' };
    this.#pipes.add(pipe);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      // Policy: whatever the reason, the other side hears that it is over.
      one.on('error', () => one.destroy());
      one.on('close', () => {
        other.destroy();
        this.#pipes.delete(pipe);
      });
    }
    client.once('data', (first: Buffer) => {
      pipe.name = nameIn(first.toString('latin1'));
      if (this.#isCut(pipe)) stop(pipe);
    });
    start(pipe);
  }

  #isCut({ name }: Pipe): boolean {
    return [...this.#cut].some((cut) => name === cut || name.startsWith(`${cut}-`));
  }
}

/** Of `CONNECT {…}`, which is the first thing that a client sends. */
export const nameIn = (text: string): string => /"name":"([^"]*)"/.exec(text)?.[1] ?? '';

function start({ client, server }: Pipe): void {
  client.pipe(server);
  server.pipe(client);
}

function stop({ client, server }: Pipe): void {
  for (const socket of [client, server]) socket.unpipe().pause();
}
