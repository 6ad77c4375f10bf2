// npm run bench: CPU per message of every part, for archived and for live messages, on one edge, real NATS and PostgreSQL.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { registerAccount, startWorld, type World } from '@starling/testkit';
import { LeanClient } from './chat-pair.ts';
import { cpuOfProcess, cpuOfTree } from './process-cpu.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '12' },
    warmup: { type: 'string', default: '4' },
    body: { type: 'string', default: '200' },
    profile: { type: 'boolean', default: false },
    store: { type: 'boolean', default: true },
  },
});
const options = {
  pairs: Number(values.pairs),
  seconds: Number(values.seconds),
  warmupSeconds: Number(values.warmup),
  bodyBytes: Number(values.body),
};
const RESULTS = new URL('../results/', import.meta.url);
const LOADS = { archived: '', 'no-store': "<no-store xmlns='urn:xmpp:hints'/>" } as const;

interface Result {
  readonly load: string;
  readonly delivered: number;
  readonly perSecond: number;
  /** µs of CPU, user and system, for each delivered message. */
  readonly cpuPerMessage: Readonly<Record<string, number>>;
}

/** CPU of each part so far, in µs: PostgreSQL with its children, the others alone. */
function cpuOfParts(world: World): Record<string, number> {
  const parts: Record<string, number> = { generator: cpuOfProcess(process.pid) };
  for (const { service, pid } of world.ready.processes) {
    parts[service] = (parts[service] ?? 0) + (service === 'postgres' ? cpuOfTree(pid) : cpuOfProcess(pid));
  }
  return parts;
}

async function logIn(world: World, count: number): Promise<LeanClient[]> {
  const clients: LeanClient[] = [];
  for (let i = 0; i < count; i++) {
    await registerAccount(world.endpoint('tcp'), world.domain, `u${i}`, 'pw');
    clients.push(await LeanClient.login(world.endpoint('tcp').port, world.domain, `u${i}`, 'pw'));
  }
  return clients;
}

/** Closed loop: each pair has one message under way; CPU is read at both ends of the measured time. */
async function measure(world: World, clients: readonly LeanClient[], load: keyof typeof LOADS): Promise<Result> {
  let delivered = 0;
  let running = true;
  const body = 'x'.repeat(options.bodyBytes);
  let id = 0;
  for (let i = 0; i + 1 < clients.length; i += 2) {
    const [sender, receiver] = [clients[i] as LeanClient, clients[i + 1] as LeanClient];
    const to = receiver.jid.slice(0, receiver.jid.indexOf('/'));
    const send = () =>
      sender.send(`<message to='${to}' type='chat' id='m${id++}'><body>${body}</body>${LOADS[load]}</message>`);
    receiver.onMessages = (count) => {
      delivered += count;
      if (running) for (let n = 0; n < count; n++) send();
    };
    send();
  }
  await sleep(options.warmupSeconds * 1_000);
  const [cpuBefore, deliveredBefore, startedMs] = [cpuOfParts(world), delivered, performance.now()];
  await sleep(options.seconds * 1_000);
  const [cpuAfter, deliveredAfter, seconds] = [cpuOfParts(world), delivered, (performance.now() - startedMs) / 1_000];
  running = false;
  await sleep(1_000);
  const count = deliveredAfter - deliveredBefore;
  const cpuPerMessage = Object.fromEntries(
    Object.entries(cpuAfter).map(([part, cpu]) => [part, round((cpu - (cpuBefore[part] ?? 0)) / count)]),
  );
  return { load, delivered: count, perSecond: Math.round(count / seconds), cpuPerMessage };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const round = (n: number) => Math.round(n * 10) / 10;

function print(results: readonly Result[]): void {
  const parts = Object.keys(results[0]?.cpuPerMessage ?? {});
  const total = (r: Result) =>
    round(parts.filter((p) => p !== 'generator').reduce((sum, p) => sum + (r.cpuPerMessage[p] ?? 0), 0));
  console.log(
    'µs of CPU for each delivered message (a message is two entries of two logs, and two rows when archived)',
  );
  console.table(
    Object.fromEntries(
      results.map((r) => [
        r.load,
        { 'messages/s': r.perSecond, ...r.cpuPerMessage, 'all but the generator': total(r) },
      ]),
    ),
  );
}

function keep(results: readonly Result[], world: World): void {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const day = new Date().toISOString().slice(0, 10);
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  mkdirSync(RESULTS, { recursive: true });
  const file = new URL(`${day}-${commit}-bench.json`, RESULTS);
  writeFileSync(
    file,
    `${JSON.stringify({ commit, day, machine, options, processes: world.ready.processes.length, results }, null, 2)}\n`,
  );
  console.log(`kept in loadtest/results/${day}-${commit}-bench.json`);
}

const settings = values.profile ? { NODE_OPTIONS: '--cpu-prof --cpu-prof-dir=.cache/profiles' } : {};
const world = await startWorld('cluster-1', { settings });
try {
  const clients = await logIn(world, options.pairs * 2);
  const results: Result[] = [];
  for (const load of ['archived', 'no-store'] as const) results.push(await measure(world, clients, load));
  for (const client of clients) client.close();
  print(results);
  if (values.store) keep(results, world);
} finally {
  await world.stop();
}
