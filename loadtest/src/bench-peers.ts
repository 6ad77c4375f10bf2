// npm run bench:peers: presence and logins on ejabberd, on Prosody and on ours, one after another, with the same load generator.
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cpuOfProcess, cpuOfTree } from './bench/process-cpu.ts';
import { currentCommit, keepFile } from './bench/results.ts';
import { figuresOf, type PeerLines } from './peers/figures.ts';
import { OTHER_NAMES, startOther, versionOf } from './peers/other-server.ts';
import { peersFolderOf, requireAboveZero, serversOf } from './peers/peer-arguments.ts';
import { reportOf } from './peers/report.ts';
import type { PeerOptions, PeerPart, PeerServer } from './peers/server.ts';
import { startStarling } from './peers/starling-server.ts';
import { type XloadLine, xload } from './peers/xload.ts';

const OURS = 'starling';
const SERVERS: readonly string[] = [...OTHER_NAMES, OURS];
const GROUPS = 4;
const PASSWORD = 'pw';
const SERVER_CORES = '0';
const GENERATOR_CORES = '1';
/** Less of a core than that is rest. */
const IDLE_CORES = 0.1;
const IDLE_LOOK_MS = 3_000;
const IDLE_TIMEOUT_MS = 600_000;

interface Options {
  readonly peersFolder: string;
  readonly servers: readonly string[];
  readonly contacts: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly repetitions: number;
  readonly rounds: number;
  readonly isKept: boolean;
}

/** Resolves with the exit code. @throws UsageError, Error when a server or the generator fails */
export async function benchPeers(args: readonly string[]): Promise<number> {
  const options = optionsOf(args);
  const { peersFolder, contacts, perSecond, rounds } = options;
  const others = OTHER_NAMES.filter((name) => options.servers.includes(name));
  for (const name of others) await versionOf(name);
  const users = GROUPS * (contacts + 1);
  const shared: PeerOptions = {
    peersFolder,
    accounts: users,
    password: PASSWORD,
    serverCores: SERVER_CORES,
    contacts,
    archives: false,
  };
  const starts = others.map((name) => () => startOther(name, shared));
  if (options.servers.includes(OURS)) starts.push(() => startStarling(shared));
  const lines = new Map<string, PeerLines>();
  for (let round = 0; round < rounds; round++) {
    for (const start of starts) {
      const measured = await measureOne(start, options, users);
      const before = lines.get(measured.name);
      const presence = [...(before?.presence ?? []), ...measured.presence];
      lines.set(measured.name, { ...measured, presence, login: [...(before?.login ?? []), ...measured.login] });
    }
  }
  const [{ model = '' } = {}] = cpus();
  const commit = currentCommit();
  const day = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} × ${model}, Node ${process.version}`;
  const head = { commit, day, machine, users, contacts, perSecond, rounds };
  const cores = { serverCores: SERVER_CORES, generatorCores: GENERATOR_CORES };
  const report = reportOf({ ...head, ...cores }, [...lines.values()].map(figuresOf));
  console.log(report);
  if (options.isKept) console.log(`kept in ${keepFile(`${day}-${commit}-peers.md`, report)}`);
  return 0;
}

async function measureOne(start: () => Promise<PeerServer>, options: Options, users: number): Promise<PeerLines> {
  const { contacts, perSecond, seconds, repetitions, peersFolder } = options;
  const server = await start();
  try {
    console.log(`${server.name} ${server.version}`);
    const run = (load: Readonly<Record<string, string | number>>) =>
      xload(server, { peersFolder, generatorCores: GENERATOR_CORES, password: PASSWORD }, { users, ...load });
    const scram = { domain: server.scramDomain, mech: 'SCRAM-SHA-1' };
    if (!server.hasContacts) {
      await run({ mode: 'roster-setup', contacts, ...scram });
      await untilIdle(server.parts);
    }
    const times = { reps: repetitions, secs: seconds, warmup: 3 };
    const presence = await run({ mode: 'presence', contacts, ...scram, rate: `max,${perSecond}`, ...times });
    requireCopies(presence, contacts + 1);
    const login = await run({ mode: 'login', roster: 1, ...scram, ...times });
    for (const line of [...presence, ...login]) console.log(JSON.stringify(line));
    const parts = server.parts.map(({ label }) => label);
    return { name: server.name, version: server.version, parts, presence, login };
  } finally {
    await server.stop();
  }
}

/** Some servers are still busy with rosters long after the last answer. @throws Error when that does not end */
async function untilIdle(parts: readonly PeerPart[]): Promise<void> {
  const cpu = () => parts.reduce((sum, { pid, isTree }) => sum + (isTree ? cpuOfTree(pid) : cpuOfProcess(pid)), 0);
  for (let waitedMs = 0; waitedMs < IDLE_TIMEOUT_MS; waitedMs += IDLE_LOOK_MS) {
    const before = cpu();
    await sleep(IDLE_LOOK_MS);
    if ((cpu() - before) / 1_000 < IDLE_LOOK_MS * IDLE_CORES) return;
  }
  throw new Error('the server does not come to rest');
}

/** @throws Error when not everybody has everybody: whoever sends to fewer people has less to do */
function requireCopies(lines: readonly XloadLine[], copies: number): void {
  for (const { total, perSent } of lines)
    if (total === true && perSent !== copies) throw new Error(`${perSent} deliveries a send instead of ${copies}`);
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      peers: { type: 'string' },
      servers: { type: 'string', default: SERVERS.join() },
      contacts: { type: 'string', default: '50' },
      rate: { type: 'string', default: '50' },
      seconds: { type: 'string', default: '10' },
      reps: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '1' },
      'no-keep': { type: 'boolean', default: false },
    },
  });
  const options = {
    peersFolder: peersFolderOf(values.peers),
    servers: serversOf(values.servers, SERVERS),
    contacts: Number(values.contacts),
    perSecond: Number(values.rate),
    seconds: Number(values.seconds),
    repetitions: Number(values.reps),
    rounds: Number(values.rounds),
    isKept: !values['no-keep'],
  };
  const { contacts, perSecond, seconds, repetitions, rounds } = options;
  requireAboveZero({ contacts, perSecond, seconds, repetitions, rounds });
  return options;
}
