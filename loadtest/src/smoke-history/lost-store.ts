// JetStream's store is lost under people who stay, one who is away and one without an archive: the next epoch opens, and nothing is hidden.
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, OwnWorld } from '@starling/testkit';
import { signalOwn } from '../signal-own.ts';
import { reached } from './crowd.ts';
import { Device, stanzaIdOf } from './device.ts';
import { acknowledgedBy, openWriter, PASSWORD, refusedTo, register, write } from './people.ts';
import { troubleOf } from './verdict.ts';

const BEATRICE = 'beatrice';
const HERO = 'hero';
const WRITER = 'leonato';
/** More than the first ones behind the loss: these have lower sequences than what was delivered last. */
const BEFORE = 60;
const FIRST_BEHIND = 5;
/** With sequences above those of the lost stream. */
const BEHIND = 120;
const CAUGHT_UP_TIMEOUT_MS = 60_000;
const POLL_MS = 200;

/** What was broken, one line each. @throws Error when it could not be carried out */
export async function loseStore(world: OwnWorld, tell: (line: string) => void): Promise<readonly string[]> {
  const { domain } = world;
  const account = { domain, username: BEATRICE, password: PASSWORD };
  for (const username of [BEATRICE, HERO, WRITER]) await register(world, username);
  const [phone, desk, tablet] = [new Device('phone'), new Device('desk'), new Device('tablet')];
  const devices = [phone, desk, tablet];
  for (const [edge, device] of devices.entries())
    await device.comeOnline(world.endpoint(edge === 1 ? 'ws' : 'tcp', edge), account);
  const writer = await openWriter(world.endpoint('tcp', 1), domain, WRITER);
  const people = [BEATRICE, HERO].map((username) => `${username}@${domain}`);
  let written = 0;
  const say = async (messages: number) => {
    for (const end = written + messages; written < end; written++) for (const to of people) write(writer, to, written);
    await acknowledgedBy(writer);
  };
  await say(BEFORE);
  await reached(phone, BEFORE);
  await tablet.goOffline();
  await archived(phone, BEFORE);
  await loseStoreOfNats(world);
  tell(`JetStream's store is lost, behind ${BEFORE} messages`);
  await say(FIRST_BEHIND);
  for (const device of [phone, desk]) await reached(device, written, CAUGHT_UP_TIMEOUT_MS).catch(() => undefined);
  tell(`${FIRST_BEHIND} of the new stream have come`);
  await say(BEHIND);
  killArchive(world);
  await tablet.comeOnline(world.endpoint('tcp', 2), account);
  for (const device of devices) await reached(device, written, CAUGHT_UP_TIMEOUT_MS).catch(() => undefined);
  const stored = await archived(phone, written);
  const refused = refusedTo(writer);
  const trouble = [
    ...troubleOf(
      devices.map((device) => device.view),
      stored,
      written,
    ),
    ...(refused === 0 ? [] : [`${refused} messages were refused`]),
    ...(await offlineTrouble(world, written)),
  ];
  await Promise.all([...devices.map((device) => device.goOffline()), writer.close()]);
  return trouble;
}

/** A client that knows no archive gets what waits for it when it comes online, once; a second time nothing. */
async function offlineTrouble(world: OwnWorld, expected: number): Promise<readonly string[]> {
  const { domain } = world;
  const reader = new Device('reader');
  const plain = await openWriter(world.endpoint('tcp', 0), domain, HERO, 'plain');
  const got = await waiting(plain, expected);
  await plain.close();
  await reader.comeOnline(world.endpoint('ws', 1), { domain, username: HERO, password: PASSWORD });
  const stored = await reader.archive();
  const again = reader.view.ids.length;
  await reader.goOffline();
  const trouble = troubleOf([{ name: 'offline', ids: got, twice: 0, nameless: 0 }], stored, expected);
  return again === 0 ? trouble : [...trouble, `offline: ${again} came again`];
}

/** Ids of what comes, in order, until there are as many as expected or no more come. */
async function waiting(client: Client, expected: number): Promise<readonly string[]> {
  client.sendXml('<presence/>');
  const deadlineMs = performance.now() + CAUGHT_UP_TIMEOUT_MS;
  const messages = () => client.unread.filter(({ name }) => name === 'message');
  while (messages().length < expected && performance.now() < deadlineMs) await sleep(POLL_MS);
  // Behind them nothing may follow.
  await acknowledgedBy(client);
  return messages().map((message) => stanzaIdOf(message) ?? '');
}

/** The archive's ids, once they are so many, or the time is up. */
async function archived(device: Device, expected: number): Promise<readonly string[]> {
  const deadlineMs = performance.now() + CAUGHT_UP_TIMEOUT_MS;
  for (;;) {
    const ids = await device.archive();
    if (ids.length >= expected || performance.now() > deadlineMs) return ids;
    await sleep(POLL_MS);
  }
}

/** What waits for somebody is known to the next one too. */
function killArchive(world: OwnWorld): void {
  const archive = world.ready.processes.findLast(({ service }) => service === 'archive');
  if (archive === undefined) throw new Error('no archive');
  signalOwn(world, archive, 'SIGKILL');
}

/** Frozen, robbed, killed: it writes nothing more to the old store, and starts again with none. */
async function loseStoreOfNats(world: OwnWorld): Promise<void> {
  const nats = world.ready.processes.find(({ service }) => service === 'nats');
  if (nats === undefined) throw new Error('no NATS');
  signalOwn(world, nats, 'SIGSTOP');
  const store = join(world.ready.dataDir, 'nats', nats.id, 'store');
  renameSync(store, `${store}.lost`);
  signalOwn(world, nats, 'SIGKILL');
}
