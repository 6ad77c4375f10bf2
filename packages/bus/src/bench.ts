// CPU of this process for an append and for a hop over the bus: `node packages/bus/dist/bench.js` after a build.
// What the server spends is measured by `npm run bench`, which reads /proc.
import { randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { entryId, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { findNatsServers, type NatsBinary, startNatsServer } from '@starling/local-servers/nats-server';
import type { Bus } from './bus.ts';
import { JetStreamLog } from './jetstream-log.ts';
import type { Log } from './log.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryLog } from './memory-log.ts';
import { NatsBus } from './nats-bus.ts';
import { NatsLink } from './nats-link.ts';

const ENTRY_BYTES = 400;
const MESSAGES = 100_000;
const WARM_UP = 20_000;
const IN_FLIGHT = 512;
/** Messages of one socket's 'data' event, that is of one microtask queue. */
const A_READ = 2;

const entry = randomBytes(ENTRY_BYTES);
const users = Array.from({ length: 1000 }, (_, i) => `user${i}@example.com` as BareJid);
const userAt = (i: number) => users[i % users.length] as BareJid;
const feeds = users.map((user) => subjects.user(user));
const feedAt = (i: number) => feeds[i % feeds.length] as string;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

async function measure(name: string, count: number, work: (count: number) => Promise<void>): Promise<void> {
  await work(WARM_UP);
  const startedMs = performance.now();
  const before = process.cpuUsage();
  await work(count);
  const { user, system } = process.cpuUsage(before);
  const perSecond = Math.round((count * 1000) / (performance.now() - startedMs));
  const micros = (user + system) / count;
  console.log(`${name.padEnd(58)}${micros.toFixed(2).padStart(8)} µs CPU${String(perSecond).padStart(9)} /s`);
}

async function append(log: Log, count: number): Promise<void> {
  const run = randomBytes(8).toString('hex');
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const i = next++;
      await log.append(userAt(i), `${run}${i}`, entry);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

// As an edge publishes: a few messages in each of many callbacks of one loop turn.
async function hop(bus: Bus, count: number): Promise<void> {
  let received = 0;
  let done = () => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const subscriptions = feeds.map((feed) =>
    bus.subscribe(feed, () => {
      if (++received === count) done();
    }),
  );
  await bus.flush();
  for (let i = 0; i < count; ) {
    for (let read = 0; read < IN_FLIGHT && i < count; read += A_READ) {
      await Promise.resolve(); // a microtask queue of its own, as each socket's callback has
      for (let j = 0; j < A_READ && i < count; j++, i++) bus.publish(feedAt(i), entry);
    }
    await nextTurn();
  }
  await all;
  for (const subscription of subscriptions) subscription.unsubscribe();
}

async function request(bus: Bus, count: number): Promise<void> {
  const subscription = bus.subscribe('edge.bench', ({ replyTo }) => bus.publish(replyTo, entry));
  await bus.flush();
  let next = 0;
  const worker = async () => {
    while (next++ < count) await bus.request('edge.bench', entry, 5000);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  subscription.unsubscribe();
}

async function benchMemory(): Promise<void> {
  const bus = new MemoryBus();
  const log = new MemoryLog(bus, {
    streams: 8,
    acknowledge: 'at-once',
    entriesMax: 1_000_000,
    bytesMax: 2 ** 31,
    pendingMax: 4096,
  });
  await measure('in process: append and re-publication', MESSAGES, (count) => append(log, count));
  await measure('in process: publish → deliver', MESSAGES, (count) => hop(bus, count));
  await measure('in process: request → reply', MESSAGES, (count) => request(bus, count));
  await log.close();
  await bus.close();
}

async function benchNats(binary: NatsBinary): Promise<void> {
  const server = await startNatsServer({ binary });
  const link = await NatsLink.open({ servers: [server.url] });
  const bus = new NatsBus(link, 4096);
  const log = await JetStreamLog.open(link, {
    streams: 8,
    replicas: 1,
    bytesMax: 256 * 1024 * 1024,
    duplicateWindowMs: 300_000,
    appendTimeoutMs: 15_000,
    pendingMax: 4096,
    pendingBytesMax: 64 * 1024 * 1024,
    manage: true,
    openTimeoutMs: 10_000,
  });
  const version = `nats-server ${binary.version.join('.')}`;
  try {
    await measure(`${version}: append → PubAck`, MESSAGES, (count) => append(log, count));
    await measure(`${version}: publish → deliver, both ends`, MESSAGES, (count) => hop(bus, count));
    await measure(`${version}: request → reply, both ends`, MESSAGES, (count) => request(bus, count));
  } finally {
    await log.close();
    await bus.close();
    await server.remove();
  }
}

async function benchIds(): Promise<void> {
  await measure('entryId and subject of an entry', MESSAGES, async (count) => {
    for (let i = 0; i < count; i++) {
      const owner = userAt(i);
      entryId({ sender: owner, owner, key: `sm:${i}`, payload: entry });
      subjects.log(owner);
    }
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await benchIds();
  await benchMemory();
  const binaries = findNatsServers().filter(
    (b, i, all) => all.findIndex((x) => `${x.version}` === `${b.version}`) === i,
  );
  for (const binary of binaries) await benchNats(binary);
}
