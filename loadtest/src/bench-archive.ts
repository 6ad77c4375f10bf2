// npm run bench:archive: messages that are archived for both users in PostgreSQL, on ejabberd, on Prosody and on ours, one after another.
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { currentCommit, keepFile } from './bench/results.ts';
import { type ArchiveLines, archiveFiguresOf, archiveReportOf } from './peers/archive-figures.ts';
import { OTHER_NAMES, startOther, versionOf } from './peers/other-server.ts';
import { peersFolderOf, requireAboveZero, serversOf } from './peers/peer-arguments.ts';
import type { PeerOptions, PeerServer } from './peers/server.ts';
import { startStarling } from './peers/starling-server.ts';
import { xload } from './peers/xload.ts';

const OURS = 'starling';
const PASSWORD = 'pw';
const CORES = '0,1';
const BODY_BYTES = 200;
const ROWS_TIMEOUT_MS = 120_000;
const POLL_MS = 200;

interface Options {
  readonly peersFolder: string;
  readonly servers: readonly string[];
  readonly users: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly repetitions: number;
  readonly isKept: boolean;
}

/** Resolves with the exit code. @throws UsageError, Error when a server or the generator fails, or a row is missing */
export async function benchArchive(args: readonly string[]): Promise<number> {
  const options = optionsOf(args);
  const { peersFolder, users, perSecond } = options;
  const others = OTHER_NAMES.filter((name) => options.servers.includes(name));
  for (const name of others) await versionOf(name);
  const shared: PeerOptions = {
    peersFolder,
    accounts: users,
    password: PASSWORD,
    serverCores: CORES,
    contacts: 0,
    archives: true,
  };
  const starts = others.map((name) => () => startOther(name, shared));
  if (options.servers.includes(OURS)) starts.push(() => startStarling(shared));
  const all: ArchiveLines[] = [];
  for (const start of starts) all.push(await measure(start, options));
  const [{ model = '' } = {}] = cpus();
  const [commit, day] = [currentCommit(), new Date().toISOString().slice(0, 10)];
  const head = [
    `# Archived messages beside others: ${commit}, ${day}`,
    '',
    `${cpus().length} × ${model}, Node ${process.version}. ${users / 2} pairs, a body of ${BODY_BYTES} bytes, chat to the bare JID, plain TCP on loopback; every message is kept in PostgreSQL (fsync) for sender and recipient. `,
    `At max each pair has one message under way; paced: ${perSecond} messages/s. One server after another, all processes on both cores beside the same generator; medians of ${options.repetitions} times ${options.seconds} s. CPU is user and system time of all processes of a server and of PostgreSQL.`,
  ].join('\n');
  const report = archiveReportOf(head, all.map(archiveFiguresOf));
  console.log(report);
  if (options.isKept) console.log(`kept in ${keepFile(`${day}-${commit}-archive.md`, report)}`);
  return 0;
}

async function measure(start: () => Promise<PeerServer>, options: Options): Promise<ArchiveLines> {
  const { peersFolder, users, perSecond, seconds, repetitions } = options;
  const server = await start();
  try {
    console.log(`${server.name} ${server.version}`);
    const before = await server.archivedRows();
    const lines = await xload(
      server,
      { peersFolder, generatorCores: CORES, password: PASSWORD },
      { mode: 'chat', users, body: BODY_BYTES, rate: `max,${perSecond}`, reps: repetitions, secs: seconds, warmup: 4 },
    );
    for (const line of lines) console.log(JSON.stringify(line));
    const sent = lines.reduce((sum, { totalSent }) => sum + (typeof totalSent === 'number' ? totalSent : 0), 0);
    const { rows, lagSeconds } = await rowsOf(server, before, 2 * sent);
    const parts = server.parts.map(({ label }) => label);
    return { name: server.name, version: server.version, parts, lines, rows, lagSeconds };
  } finally {
    await server.stop();
  }
}

/** Waits until as many rows are there, or no more come. */
async function rowsOf(
  server: PeerServer,
  before: number,
  wanted: number,
): Promise<{ rows: number; lagSeconds: number }> {
  const startedMs = performance.now();
  for (;;) {
    const rows = (await server.archivedRows()) - before;
    const waitedMs = performance.now() - startedMs;
    if (rows >= wanted || waitedMs > ROWS_TIMEOUT_MS) return { rows, lagSeconds: waitedMs / 1_000 };
    await sleep(POLL_MS);
  }
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      peers: { type: 'string' },
      servers: { type: 'string', default: [...OTHER_NAMES, OURS].join() },
      users: { type: 'string', default: '400' },
      rate: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '10' },
      reps: { type: 'string', default: '3' },
      'no-keep': { type: 'boolean', default: false },
    },
  });
  const options = {
    peersFolder: peersFolderOf(values.peers),
    servers: serversOf(values.servers, [...OTHER_NAMES, OURS]),
    users: Number(values.users),
    perSecond: Number(values.rate),
    seconds: Number(values.seconds),
    repetitions: Number(values.reps),
    isKept: !values['no-keep'],
  };
  const { users, perSecond, seconds, repetitions } = options;
  requireAboveZero({ users, perSecond, seconds, repetitions });
  return options;
}
