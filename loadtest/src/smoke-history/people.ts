import { Client, type Endpoint, type World } from '@starling/testkit';

export const PASSWORD = 'smoke';
/** Longer than any pause of the servers. */
const ACKNOWLEDGED_TIMEOUT_MS = 300_000;

export async function register(world: World, username: string): Promise<void> {
  const client = await Client.connect(world.endpoint('tcp'), world.domain);
  await client.negotiate();
  await client.register(username, PASSWORD);
  await client.close();
}

/** Somebody who writes and reads nothing: without presence. @throws RefusedError */
export async function openWriter(
  endpoint: Endpoint,
  domain: string,
  username: string,
  resource = 'load',
): Promise<Client> {
  const client = await Client.connect(endpoint, domain);
  await client.negotiate();
  await client.authenticate(username, PASSWORD);
  await client.openStream();
  await client.bind(resource);
  return client;
}

export function write(client: Client, to: string, number: number): void {
  client.sendXml(`<message to='${to}' type='chat' id='m${number}'><body>${number}</body></message>`);
}

/** A ping behind everything: what was sent before has been handled. */
export async function acknowledgedBy(client: Client): Promise<void> {
  client.sendXml(`<iq type='get' id='behind' to='${client.domain}'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await client.receive(`<iq id='behind' type='result'/>`, ACKNOWLEDGED_TIMEOUT_MS);
}

/** Messages that came back as errors. */
export const refusedTo = (client: Client): number =>
  client.unread.filter((e) => e.name === 'message' && e.attrs.type === 'error').length;
