// Many write to one account at once, whose three devices are on three edges, one of them away half of the time.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, World } from '@starling/testkit';
import { Device } from './device.ts';
import { acknowledgedBy, openWriter, PASSWORD, refusedTo, register, write } from './people.ts';
import { troubleOf } from './verdict.ts';

const JULIET = 'juliet';
const POLL_MS = 100;
const REACHED_TIMEOUT_MS = 300_000;
/** Behind the last acknowledgement. */
const SETTLE_TIMEOUT_MS = 60_000;
/** Of what comes, so much is answered. */
const ANSWERS_SHARE = 0.05;
const ANSWERS_AT_ONCE = 10;

export interface CrowdOptions {
  readonly senders: number;
  readonly messages: number;
}

/** What was broken, one line each. @throws Error when it could not be carried out */
export async function writeAtOnce(world: World, options: CrowdOptions, tell: (line: string) => void) {
  const { domain } = world;
  const edges = world.edges.length;
  const account = { domain, username: JULIET, password: PASSWORD };
  await register(world, JULIET);
  const [phone, desk, tablet] = [new Device('phone'), new Device('desk'), new Device('tablet')];
  const devices = [phone, desk, tablet];
  for (const [edge, device] of devices.entries())
    await device.comeOnline(world.endpoint(edge === 1 ? 'ws' : 'tcp', edge), account);
  const senders: Client[] = [];
  for (let n = 0; n < options.senders; n++) {
    await register(world, `sender-${n}`);
    senders.push(await openWriter(world.endpoint(n % 2 === 0 ? 'tcp' : 'ws', n % edges), domain, `sender-${n}`));
  }
  // A session of hers that shows nothing: what it sends comes to her devices as carbons.
  const watch = await openWriter(world.endpoint('tcp', 1), domain, JULIET, 'watch');
  const each = Math.ceil(options.messages / senders.length);
  const answers = Math.floor(each * senders.length * ANSWERS_SHARE);
  const expected = each * senders.length + answers;
  const startedMs = performance.now();
  const to = `${JULIET}@${domain}`;
  const acknowledged = senders.map((sender) => writeAll(sender, to, each));
  const answered = answer(watch, senders, answers);
  await reached(phone, expected / 4);
  await tablet.goOffline();
  await reached(phone, (expected * 3) / 4);
  await tablet.comeOnline(world.endpoint('tcp', 2), account);
  await Promise.all([...acknowledged, answered]);
  const seconds = (performance.now() - startedMs) / 1_000;
  // Who lacks something after that is seen below.
  for (const device of devices) await reached(device, expected, SETTLE_TIMEOUT_MS).catch(() => undefined);
  const archive = await phone.archive();
  const refused = senders.reduce((sum, sender) => sum + refusedTo(sender), 0);
  tell(`${expected} messages, ${senders.length} writers and one who answers: ${seconds.toFixed(1)} s`);
  const trouble = troubleOf(
    devices.map((device) => device.view),
    archive,
    expected - refused,
  );
  await Promise.all([
    ...devices.map((device) => device.goOffline()),
    ...[watch, ...senders].map((client) => client.close()),
  ]);
  return refused === 0 ? trouble : [...trouble, `${refused} messages were refused`];
}

/** All at once; resolves when the last has been handled: a session's stanzas are in order. */
async function writeAll(sender: Client, to: string, messages: number): Promise<void> {
  for (let n = 0; n < messages; n++) write(sender, to, n);
  await acknowledgedBy(sender);
}

async function answer(watch: Client, senders: readonly Client[], messages: number): Promise<void> {
  for (let n = 0; n < messages; n++) {
    write(watch, senders[n % senders.length]?.jid ?? '', n);
    if (n % ANSWERS_AT_ONCE === ANSWERS_AT_ONCE - 1) await sleep(POLL_MS / 2);
  }
  await acknowledgedBy(watch);
}

/** Until the device has so many messages. @throws Error when it has them not in time */
export async function reached(device: Device, count: number, withinMs = REACHED_TIMEOUT_MS): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (device.view.ids.length < count) {
    if (performance.now() > deadlineMs)
      throw new Error(`${device.name} has ${device.view.ids.length} of ${count} messages`);
    await sleep(POLL_MS);
  }
}
