import { randomBytes } from 'node:crypto';
import type { Endpoint } from './channel.ts';
import { Client, type Mechanism } from './client.ts';
import { ForeignClient, type ForeignKind } from './foreign.ts';
import { login, registerAccount } from './login.ts';
import type { XmlValue } from './match-xml.ts';
import type { World } from './world.ts';

export interface DeviceOptions {
  readonly transport?: Endpoint['transport'];
  /** Which edge; default: the next one in turn. */
  readonly edge?: number;
  readonly mechanism?: Mechanism;
  /** Default: true; false sends no presence. */
  readonly available?: boolean;
}

/** A person with an account; it is registered when first needed. */
export class Person {
  readonly #scene: Scene;
  readonly username: string;
  readonly password = randomBytes(9).toString('base64');
  readonly #clients: Client[] = [];
  readonly #available: Client[] = [];
  #registered: Promise<void> | undefined;

  constructor(scene: Scene, name: string) {
    this.#scene = scene;
    // Worlds are shared: nobody may meet the romeo of another scenario.
    this.username = `${name}-${randomBytes(4).toString('hex')}`;
  }

  /** The bare JID. */
  get jid(): string {
    return `${this.username}@${this.#scene.world.domain}`;
  }

  register(): Promise<void> {
    const { world, transport } = this.#scene;
    this.#registered ??= registerAccount(world.endpoint(transport), world.domain, this.username, this.password);
    return this.#registered;
  }

  /** One more device of this person: logged in, bound to `resource`, available. */
  async device(resource: string, options: DeviceOptions = {}): Promise<Client> {
    await this.register();
    const { world } = this.#scene;
    const endpoint = world.endpoint(options.transport ?? this.#scene.transport, options.edge ?? this.#scene.nextEdge());
    const { username, password } = this;
    const credentials = { username, password, resource, ...(options.mechanism && { mechanism: options.mechanism }) };
    const client = this.#scene.keep(await login(endpoint, world.domain, credentials));
    this.#clients.push(client);
    if (options.available ?? true) await this.#becomeAvailable(client);
    return client;
  }

  /** A client that is authenticated as this person, and has no resource: on the edge that is next unless another is named. */
  async authenticated(options: Pick<DeviceOptions, 'transport' | 'edge'> = {}): Promise<Client> {
    await this.register();
    const client = await this.#scene.connect(options);
    await client.negotiate();
    await client.authenticate(this.username, this.password);
    await client.openStream();
    return client;
  }

  /** Goes on with the session of a client that is gone (XEP-0198 §5). @throws RefusedError */
  async resume(
    old: Client,
    options: Pick<DeviceOptions, 'transport' | 'edge'> & { readonly h?: number } = {},
  ): Promise<Client> {
    const client = await this.authenticated(options);
    await client.resume(old, options.h);
    this.#clients.push(client);
    return client;
  }

  // RFC 6121 §4.2.2: initial presence comes back to all available resources. When it has, all of this person's edges know.
  async #becomeAvailable(client: Client): Promise<void> {
    client.sendXml('<presence/>');
    this.#available.push(client);
    const heard = this.#available.map(async (device) => {
      try {
        await device.receives`<presence from='${client.jid}'/>`;
      } catch (error) {
        // Policy: one that has left, or was replaced by the new one, hears nothing more.
        if (device === client || !device.closed) throw error;
      }
    });
    await Promise.all(heard);
  }

  /** Devices with these resources, on successive edges. */
  async devices<const Names extends readonly string[]>(...resources: Names): Promise<{ [I in keyof Names]: Client }> {
    const clients: Client[] = [];
    for (const resource of resources) clients.push(await this.device(resource));
    return clients as { [I in keyof Names]: Client };
  }

  /** The first device; made when there is none. */
  async online(): Promise<Client> {
    return this.#clients[0] ?? this.device('home');
  }

  /** Of the first device. */
  async sends(parts: TemplateStringsArray, ...values: readonly XmlValue[]): Promise<void> {
    return (await this.online()).sends(parts, ...values);
  }

  /** Of the first device. */
  async receives(parts: TemplateStringsArray, ...values: readonly XmlValue[]) {
    return (await this.online()).receives(parts, ...values);
  }

  /** Of all devices. */
  async receivesNothing(): Promise<void> {
    for (const client of this.#clients) await client.receivesNothing();
  }
}

/** What a scenario has: a world, its people, and whoever else connects. Everything is closed at its end. */
export class Scene {
  readonly world: World;
  readonly transport: Endpoint['transport'];
  readonly #clients: Client[] = [];
  readonly #foreign: ForeignClient[] = [];
  readonly #people = new Map<string, Person>();
  #edge = 0;

  constructor(world: World, transport: Endpoint['transport']) {
    this.world = world;
    this.transport = transport;
  }

  // Everything that takes arguments is a property, so that a scenario may write ({ romeo, connect }) => ….

  get romeo(): Person {
    return this.person('romeo');
  }

  get juliet(): Person {
    return this.person('juliet');
  }

  get nurse(): Person {
    return this.person('nurse');
  }

  /** The person with this name in this scenario. */
  readonly person = (name: string): Person => {
    const known = this.#people.get(name) ?? new Person(this, name);
    this.#people.set(name, known);
    return known;
  };

  /** Devices take the edges in turn, so that two of them talk across edges where there are several. */
  readonly nextEdge = (): number => this.#edge++;

  /** Has the client closed at the end, too. */
  readonly keep = (client: Client): Client => {
    this.#clients.push(client);
    return client;
  };

  /** A bare connection: nothing is sent yet. */
  readonly connect = async (options: Pick<DeviceOptions, 'transport' | 'edge'> = {}): Promise<Client> => {
    const endpoint = this.world.endpoint(options.transport ?? this.transport, options.edge ?? this.nextEdge());
    return this.keep(await Client.connect(endpoint, this.world.domain));
  };

  /** A client of another project, logged in as this person. */
  readonly foreign = async (
    kind: ForeignKind,
    person: Person,
    resource: string,
    options: Pick<DeviceOptions, 'transport' | 'edge'> = {},
  ): Promise<ForeignClient> => {
    await person.register();
    const endpoint = this.world.endpoint(options.transport ?? this.transport, options.edge ?? this.nextEdge());
    const client = await ForeignClient.start(kind, {
      jid: `${person.jid}/${resource}`,
      password: person.password,
      endpoint,
    });
    this.#foreign.push(client);
    return client;
  };

  async end(): Promise<void> {
    await Promise.all([...this.#clients.map((c) => c.destroy()), ...this.#foreign.map((c) => c.close())]);
  }

  /** Fails when some client was sent what is not XML. */
  check(): void {
    const faults = this.#clients.flatMap((c) => c.faults);
    if (faults.length > 0) throw new Error(`not well-formed: ${faults.join('\n')}`);
  }
}
