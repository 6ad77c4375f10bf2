import type { Endpoint } from './channel.ts';
import { Client, type Mechanism } from './client.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly mechanism?: Mechanism;
  /** '' or absent: the server chooses. */
  readonly resource?: string;
}

/** Connects, authenticates and binds; sends no presence. */
export async function login(
  endpoint: Endpoint,
  domain: string,
  { username, password, mechanism, resource }: Credentials,
): Promise<Client> {
  const client = await Client.connect(endpoint, domain);
  try {
    await client.negotiate();
    await client.authenticate(username, password, mechanism);
    await client.openStream();
    await client.bind(resource);
    return client;
  } catch (error) {
    await client.destroy();
    throw error;
  }
}

/** Creates an account over a connection of its own. */
export async function registerAccount(
  endpoint: Endpoint,
  domain: string,
  username: string,
  password: string,
): Promise<void> {
  const client = await Client.connect(endpoint, domain);
  try {
    await client.negotiate();
    await client.register(username, password);
  } finally {
    await client.destroy();
  }
}
