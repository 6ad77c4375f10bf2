// npm run bench:peers: the same works on ejabberd, on Prosody and on ours, in turn, with the same load generator.
import { cpus, release } from 'node:os';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { calibrate } from './bench/calibrate.ts';
import { currentCommit, keepFile } from './bench/results.ts';
import { requireWhole } from './peers/figures.ts';
import { Findings } from './peers/findings.ts';
import { joined, requireJoinable, type Setting } from './peers/joined.ts';
import { measureWork, withServer } from './peers/measure-work.ts';
import { reportOf } from './peers/report.ts';
import { type Measurement, PEERS_SUFFIX, type PeersResult, peersResult } from './peers/result.ts';
import { SERVER_NAMES, type ServerName, TITLES } from './peers/server.ts';
import { isMeasuredByTsung, measureWithTsung, TSUNG_USERS } from './peers/tsung.ts';
import { APART, WORK_NAMES, type WorkName, type WorkOptions, worksOf } from './peers/works.ts';
import { UsageError } from './usage-error.ts';

const BODY_BYTES = 200;
const INTERRUPTED = 130;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

interface Options {
  readonly work: WorkOptions;
  readonly servers: readonly ServerName[];
  /** Of these, those that only the first round has: whose figures nothing is measured by. */
  readonly once: readonly ServerName[];
  readonly works: readonly WorkName[];
  readonly rounds: number;
  readonly hasTsung: boolean;
  readonly isKept: boolean;
  /** A kept result of other works of the same code, which it becomes a part of. */
  readonly into: PeersResult | undefined;
}

/** Resolves with the exit code: 1 when a server or the generator failed, or something was lost. @throws UsageError */
export async function benchPeers(args: readonly string[]): Promise<number> {
  const options = optionsOf(args);
  const { into, works } = options;
  const setting = settingOf(options);
  if (into !== undefined) requireJoinable(into, setting, works);
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    const measured = await measureAll(options, setting, interruption.signal);
    const result = into === undefined ? measured : joined(into, measured);
    const report = reportOf(result);
    console.log(report);
    if (options.isKept && result.measurements.length > 0) {
      const name = `${result.at.slice(0, 10)}-${result.commit}`;
      keepFile(`${name}-peers.md`, report);
      console.log(`kept in ${keepFile(`${name}${PEERS_SUFFIX}`, `${JSON.stringify(result)}\n`)}`);
    }
    return result.failures.length === 0 ? 0 : 1;
  } catch (error) {
    // Policy: whoever has interrupted it knows why; all that was started has been stopped.
    if (interruption.signal.aborted) return INTERRUPTED;
    throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}

function settingOf({ rounds, work }: Options): Setting {
  const [{ model: cpu = '' } = {}] = cpus();
  return {
    commit: currentCommit(),
    machine: { cpu, cores: cpus().length, node: process.version, kernel: release() },
    rounds,
    options: work,
  };
}

async function measureAll(options: Options, setting: Setting, signal: AbortSignal): Promise<PeersResult> {
  const { servers, once, works, rounds, hasTsung, work: workOptions } = options;
  const at = new Date().toISOString();
  const before = calibrate();
  const found = new Findings(signal);
  for (const work of worksOf(works, workOptions)) {
    for (let round = 0; round < rounds; round++) {
      for (const name of round === 0 ? servers : servers.filter((server) => !once.includes(server))) {
        await found.from(name, work.name, async () => {
          const measured = await withServer(name, work, found, (server) => measureWork(server, work, signal));
          const measurement = { server: name, work: work.name, transport: work.transport, round, ...measured };
          requireWhole(measurement);
          found.measurements.push(measurement);
          tell(measurement);
        });
      }
    }
  }
  for (const name of hasTsung ? servers.filter(isMeasuredByTsung) : []) {
    await found.from(name, 'tsung', async () => {
      const needs = { accounts: 0, contacts: 0, archives: false, plainAccounts: TSUNG_USERS, ...APART };
      const measured = await withServer(name, needs, found, (server) => measureWithTsung(name, server, signal));
      found.tsung.push(measured);
      console.log(JSON.stringify(measured));
    });
  }
  signal.throwIfAborted();
  return {
    at,
    ...setting,
    servers: servers.flatMap((name) => {
      const version = found.versions.get(name);
      return version === undefined ? [] : [{ name, version }];
    }),
    versions: Object.fromEntries(found.below),
    missing: [...found.missing],
    failures: found.failures,
    calibrationUs: [before, calibrate()],
    measurements: found.measurements,
    tsung: found.tsung,
  };
}

/** One line for whoever waits. */
function tell({ server, work, transport, round, lines }: Measurement): void {
  for (const line of lines) {
    const where = `round ${round + 1}, ${work}, ${transport}, ${TITLES[server]}`;
    if (line.kind === 'memory') console.log(`${where}: ${line.sessions} sessions, ${total(line.pssKiB)} KiB`);
    if (line.kind === 'window') {
      const us = (total(line.cpuUs) / line.delivered).toFixed(1);
      const perSecond = (line.delivered / line.seconds).toFixed(0);
      console.log(`${where}, ${line.load}: ${us} µs each, ${perSecond}/s, p99 ${line.p99Ms.toFixed(1)} ms`);
    }
  }
}

const total = (values: Readonly<Record<string, number>>): number =>
  Object.values(values).reduce((sum, value) => sum + value, 0);

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      servers: { type: 'string', default: SERVER_NAMES.join() },
      once: { type: 'string', default: '' },
      works: { type: 'string', default: WORK_NAMES.join() },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '10' },
      warmup: { type: 'string', default: '20' },
      users: { type: 'string', default: '400' },
      rate: { type: 'string', default: '1000' },
      sessions: { type: 'string', default: '1000,10000' },
      settle: { type: 'string', default: '30' },
      logins: { type: 'string', default: '1000' },
      'login-warmups': { type: 'string', default: '10' },
      groups: { type: 'string', default: '4' },
      contacts: { type: 'string', default: '50' },
      presences: { type: 'string', default: '50' },
      tsung: { type: 'boolean', default: false },
      'no-keep': { type: 'boolean', default: false },
      into: { type: 'string' },
    },
  });
  const work = {
    seconds: Number(values.seconds),
    warmupSeconds: Number(values.warmup),
    chatUsers: Number(values.users),
    bodyBytes: BODY_BYTES,
    messagesPerSecond: Number(values.rate),
    idleSteps: values.sessions.split(',').map(Number),
    settleSeconds: Number(values.settle),
    loginUsers: Number(values.logins),
    loginWarmups: Number(values['login-warmups']),
    groups: Number(values.groups),
    contacts: Number(values.contacts),
    presencesPerSecond: Number(values.presences),
  };
  const rounds = Number(values.rounds);
  for (const [name, value] of Object.entries({ rounds, ...work }))
    for (const number of [value].flat()) if (!(number > 0)) throw new UsageError(`${name}: a number above 0`);
  if (work.chatUsers % 2 !== 0) throw new UsageError('--users is an even number: half of them write to the others');
  return {
    work,
    servers: someOf(SERVER_NAMES, 'servers', values.servers),
    once: someOf(SERVER_NAMES, 'once', values.once),
    works: someOf(WORK_NAMES, 'works', values.works),
    rounds,
    hasTsung: values.tsung,
    isKept: !values['no-keep'],
    into: values.into === undefined ? undefined : keptResult(values.into),
  };
}

/** By the name of its file, or as it is told when it is kept. @throws UsageError when there is none */
function keptResult(file: string): PeersResult {
  try {
    return peersResult(basename(file));
  } catch (cause) {
    throw new UsageError(`--into ${file}: no such result in loadtest/results`, { cause });
  }
}

/** Those of a list, separated by commas, in our order; none when it is empty. @throws UsageError when there is another one */
function someOf<N extends string>(known: readonly N[], option: string, list: string): readonly N[] {
  const wanted = list.split(',').filter((name) => name !== '');
  const stranger = wanted.find((name) => !known.some((one) => one === name));
  if (stranger !== undefined) throw new UsageError(`--${option} ${stranger}: some of ${known.join()}`);
  return known.filter((name) => wanted.includes(name));
}
