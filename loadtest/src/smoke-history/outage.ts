// PostgreSQL is away under load, and an archive dies meanwhile: chat, carbons and known logins go on; then the archive has what was acknowledged.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Postgres } from '@starling/local-servers';
import type { Client, OwnWorld } from '@starling/testkit';
import { signalOwn } from '../signal-own.ts';
import { reached } from './crowd.ts';
import { Device } from './device.ts';
import { acknowledgedBy, openWriter, PASSWORD, refusedTo, register, write } from './people.ts';
import { isSuffix, troubleOf } from './verdict.ts';

const ROSALINE = 'rosaline';
const WRITERS = 20;
/** Each of them writes once in this time. */
const WRITE_EVERY_MS = 400;
/** The account itself writes so often: carbons. */
const ANSWER_EVERY_MS = 1_000;
/** Of the time that PostgreSQL is away. */
const ARCHIVE_DIES_AT = 0.3;
const LOGIN_AT = 0.5;
/** With PostgreSQL there, before and after. */
const CALM_MS = 5_000;
const CATCH_UP_TIMEOUT_MS = 120_000;
const POLL_MS = 500;

export interface OutageOptions {
  readonly seconds: number;
}

/** What was broken, one line each. @throws Error when it could not be carried out */
export async function loseDatabase(
  world: OwnWorld,
  postgres: Postgres,
  { seconds }: OutageOptions,
  tell: (line: string) => void,
): Promise<readonly string[]> {
  const { domain } = world;
  const account = { domain, username: ROSALINE, password: PASSWORD };
  await register(world, ROSALINE);
  const [phone, desk, tablet] = [new Device('phone'), new Device('desk'), new Device('tablet')];
  await phone.comeOnline(world.endpoint('tcp', 0), account);
  await desk.comeOnline(world.endpoint('ws', 1), account);
  const writers: Client[] = [];
  for (let n = 0; n < WRITERS; n++) {
    await register(world, `writer-${n}`);
    writers.push(await openWriter(world.endpoint(n % 2 === 0 ? 'tcp' : 'ws', n), domain, `writer-${n}`));
  }
  const watch = await openWriter(world.endpoint('tcp', 1), domain, ROSALINE, 'watch');
  const load = new Load(watch, writers, `${ROSALINE}@${domain}`);
  await sleep(CALM_MS);
  await postgres.kill();
  const awayMs = performance.now();
  tell(`PostgreSQL is away, after ${load.written} messages`);
  await sleep(seconds * ARCHIVE_DIES_AT * 1_000);
  const archive = world.ready.processes.find(({ service }) => service === 'archive');
  if (archive === undefined) throw new Error('no archive');
  signalOwn(world, archive, 'SIGKILL');
  tell(`kill -9 ${archive.id}`);
  await sleep(seconds * (LOGIN_AT - ARCHIVE_DIES_AT) * 1_000);
  await tablet.comeOnline(world.endpoint('tcp', 2), account);
  const again = await openWriter(world.endpoint('ws', 0), domain, 'writer-0', 'again');
  tell(`known accounts log in, after ${load.written} messages`);
  await sleep(Math.max(0, seconds * 1_000 - (performance.now() - awayMs)));
  const liveBefore = phone.view.ids.length;
  await postgres.startAgain();
  tell(
    `PostgreSQL is back after ${((performance.now() - awayMs) / 1_000).toFixed(0)} s; ${liveBefore} messages of ${load.written} have come live`,
  );
  await sleep(CALM_MS);
  await load.stop();
  const refused = [watch, ...writers].reduce((sum, client) => sum + refusedTo(client), 0);
  const expected = load.written - refused;
  for (const device of [phone, desk]) await reached(device, expected, CATCH_UP_TIMEOUT_MS).catch(() => undefined);
  const stored = await archiveOf(phone, expected);
  const trouble = [...troubleOf([phone.view, desk.view], stored, expected)];
  if (refused > 0) trouble.push(`${refused} messages were refused`);
  if (!isSuffix(tablet.view.ids, stored))
    trouble.push('tablet: what it has seen since its login is not the end of the archive');
  await Promise.all([phone, desk, tablet].map((device) => device.goOffline()));
  await Promise.all([again, watch, ...writers].map((client) => client.close()));
  return trouble;
}

/** Once the archive has caught up; what it has after that time is what there is. */
async function archiveOf(device: Device, expected: number): Promise<readonly string[]> {
  const deadlineMs = performance.now() + CATCH_UP_TIMEOUT_MS;
  for (;;) {
    const ids = await device.archive();
    if (ids.length >= expected || performance.now() > deadlineMs) return ids;
    await sleep(POLL_MS);
  }
}

/** Writes from the beginning on. */
class Load {
  written = 0;
  readonly #clients: readonly Client[];
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(watch: Client, writers: readonly Client[], to: string) {
    this.#clients = [watch, ...writers];
    this.#timers = [
      ...writers.map((writer) => setInterval(() => write(writer, to, this.written++), WRITE_EVERY_MS)),
      setInterval(
        () => write(watch, writers[this.written % writers.length]?.jid ?? '', this.written++),
        ANSWER_EVERY_MS,
      ),
    ];
  }

  /** Resolves when all that was written has been handled. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const client of this.#clients) await acknowledgedBy(client);
  }
}
