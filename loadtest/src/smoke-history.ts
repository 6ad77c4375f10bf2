// npm run smoke:history: many write to one account at once; all its devices, and the archive, end with the same messages in the same order.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, type World } from '@starling/testkit';
import { keepLogs, withWorld } from './own-world.ts';
import { Device } from './smoke-history/device.ts';
import { troubleOf } from './smoke-history/verdict.ts';
import { UsageError } from './usage-error.ts';

const EDGES = 3;
const PASSWORD = 'smoke';
const JULIET = 'juliet';
const POLL_MS = 100;
/** Behind the last acknowledgement. */
const SETTLE_TIMEOUT_MS = 60_000;
/** Of what the senders write, so much is answered. */
const ANSWERS_SHARE = 0.05;

interface Options {
  readonly senders: number;
  readonly messages: number;
}

/** Resolves with the exit code: 0 when every device has everything. @throws UsageError, Error when a cluster cannot run */
export async function smokeHistory(args: readonly string[]): Promise<number> {
  const options = optionsOf(args);
  console.log(`smoke:history --senders ${options.senders} --messages ${options.messages}`);
  return withWorld({ edges: EDGES }, async (world) => {
    const trouble = await play(world, options);
    for (const line of trouble) console.log(`broken: ${line}`);
    if (trouble.length === 0) console.log('every promise kept');
    else console.log(`logs are kept in ${keepLogs(world, 'smoke-history')}`);
    return trouble.length === 0 ? 0 : 1;
  });
}

async function play(world: World, { senders: count, messages }: Options): Promise<readonly string[]> {
  const { domain } = world;
  const account = { domain, username: JULIET, password: PASSWORD };
  await register(world, JULIET);
  const [phone, desk, tablet] = [new Device('phone'), new Device('desk'), new Device('tablet')];
  const devices = [phone, desk, tablet];
  for (const [edge, device] of devices.entries())
    await device.comeOnline(world.endpoint(edge === 1 ? 'ws' : 'tcp', edge), account);
  const senders = await Promise.all(Array.from({ length: count }, (_, n) => openSender(world, n)));
  const each = Math.ceil(messages / count);
  const answers = Math.floor(each * count * ANSWERS_SHARE);
  const expected = each * count + answers;
  const startedMs = performance.now();
  const to = `${JULIET}@${domain}`;
  const acknowledged = senders.map((sender) => send(sender, to, each));
  const answered = answer(phone.client, senders, answers);
  // One of the devices is away half of the time.
  await reached(phone, expected / 4);
  await tablet.goOffline();
  await reached(phone, (expected * 3) / 4);
  await tablet.comeOnline(world.endpoint('tcp', 2), account);
  await Promise.all([...acknowledged, answered]);
  const sentSeconds = secondsSince(startedMs);
  for (const device of devices) await reached(device, expected, SETTLE_TIMEOUT_MS).catch(() => undefined);
  const archive = await phone.archive();
  console.log(
    `${expected} messages by ${count} senders and one device, ${sentSeconds.toFixed(1)} s until the last was acknowledged, ${secondsSince(startedMs).toFixed(1)} s with the reading of the archive`,
  );
  const trouble = troubleOf(
    devices.map((device) => device.view),
    archive,
    expected,
  );
  await Promise.all([...devices.map((device) => device.goOffline()), ...senders.map((sender) => sender.close())]);
  return trouble;
}

async function register(world: World, username: string): Promise<void> {
  const client = await Client.connect(world.endpoint('tcp'), world.domain);
  await client.negotiate();
  await client.register(username, PASSWORD);
  await client.close();
}

async function openSender(world: World, n: number): Promise<Client> {
  const username = `sender-${n}`;
  await register(world, username);
  const client = await Client.connect(world.endpoint(n % 2 === 0 ? 'tcp' : 'ws', n % EDGES), world.domain);
  await client.negotiate();
  await client.authenticate(username, PASSWORD);
  await client.openStream();
  await client.bind('load');
  return client;
}

/** All at once; resolves when the last has been handled: a session's stanzas are in order. */
async function send(sender: Client, to: string, messages: number): Promise<void> {
  for (let n = 0; n < messages; n++)
    sender.sendXml(`<message to='${to}' type='chat' id='m${n}'><body>${n}</body></message>`);
  await acknowledgedBy(sender);
}

async function answer(device: Client, senders: readonly Client[], messages: number): Promise<void> {
  for (let n = 0; n < messages; n++) {
    const to = senders[n % senders.length]?.jid ?? '';
    device.sendXml(`<message to='${to}' type='chat' id='a${n}'><body>answer ${n}</body></message>`);
    if (n % 10 === 9) await sleep(POLL_MS / 2);
  }
}

/** A ping behind everything; it may take long. */
async function acknowledgedBy(client: Client): Promise<void> {
  client.sendXml(`<iq type='get' id='behind' to='${client.domain}'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await client.receive(`<iq id='behind'/>`, SETTLE_TIMEOUT_MS * 5);
}

/** Until the device has so many messages. @throws Error when it has them not in time */
async function reached(device: Device, count: number, withinMs = SETTLE_TIMEOUT_MS * 5): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (device.view.ids.length < count) {
    if (performance.now() > deadlineMs)
      throw new Error(`${device.name} has ${device.view.ids.length} of ${count} messages`);
    await sleep(POLL_MS);
  }
}

const secondsSince = (ms: number): number => (performance.now() - ms) / 1_000;

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      senders: { type: 'string', default: '50' },
      messages: { type: 'string', default: '10000' },
    },
  });
  const options = { senders: Number(values.senders), messages: Number(values.messages) };
  if (!(options.senders >= 1 && options.senders <= 1_000)) throw new UsageError('--senders is a number from 1 to 1000');
  if (!(options.messages >= 1 && options.messages <= 1_000_000))
    throw new UsageError('--messages is a number from 1 to 1000000');
  return options;
}
