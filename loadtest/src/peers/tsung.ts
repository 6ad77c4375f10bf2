import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processesWith, untilGone } from '@starling/testkit';
import { readCpu } from './generator/meter.ts';
import { PLAIN_DOMAIN, packageVersion } from './other-server.ts';
import type { TsungMeasurement } from './result.ts';
import type { PeerServer, ServerName } from './server.ts';
import { type TsungPlan, tsungXml } from './tsung-plan.ts';
import { APART } from './works.ts';

export const TSUNG_USERS = 400;
const MESSAGES_EACH = 60;
const THINK_SECONDS = 0.2;
const BODY_BYTES = 200;
const RUN_TIMEOUT_MS = 280_000;
const GONE_TIMEOUT_MS = 10_000;
const OUTPUT_CHARS_MAX = 4_000;

/** One of each kind: ours embedded, or Prosody tuned, would tell nothing more. */
export const isMeasuredByTsung = (name: ServerName): boolean => ['ejabberd', 'prosody', 'starling'].includes(name);

/** The CPU of a server with messages and without. @throws NotInstalledError, Error when tsung saw an error */
export async function measureWithTsung(
  server: ServerName,
  running: PeerServer,
  signal: AbortSignal,
): Promise<TsungMeasurement> {
  await packageVersion('tsung');
  const plan = {
    port: running.ports.tcp,
    domain: PLAIN_DOMAIN,
    users: TSUNG_USERS,
    messages: MESSAGES_EACH,
    thinkSeconds: THINK_SECONDS,
    bodyBytes: BODY_BYTES,
  };
  // The first logins of a server are dearer: neither of both has them.
  await cpuOf(running, { ...plan, messages: 1, isTalking: true }, signal);
  const cpuUsWithout = await cpuOf(running, { ...plan, isTalking: false }, signal);
  const cpuUs = await cpuOf(running, { ...plan, isTalking: true }, signal);
  return { server, users: TSUNG_USERS, messages: TSUNG_USERS * MESSAGES_EACH, cpuUs, cpuUsWithout };
}

async function cpuOf({ parts }: PeerServer, plan: TsungPlan, signal: AbortSignal): Promise<number> {
  const total = () => Object.values(readCpu(parts).cpuUs).reduce((sum, us) => sum + us, 0);
  const before = total();
  await runTsung(plan, signal);
  return total() - before;
}

async function runTsung(plan: TsungPlan, signal: AbortSignal): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'starling-tsung-'));
  const file = join(folder, 'tsung.xml');
  const logs = join(folder, 'log');
  mkdirSync(logs);
  writeFileSync(file, tsungXml(plan));
  try {
    const args = ['tsung', '-n', '-f', file, '-l', logs, '-I', '127.0.0.1', 'start'];
    const child = spawn('taskset', ['--cpu-list', APART.generatorCores, ...args], {
      env: { ...process.env, HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: RUN_TIMEOUT_MS,
      signal,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-OUTPUT_CHARS_MAX);
      });
    const [code] = await once(child, 'close');
    const [run = ''] = readdirSync(logs);
    const log = code === 0 && run !== '' ? readFileSync(join(logs, run, 'tsung.log'), 'utf8') : '';
    const fault = faultIn(log, plan);
    if (fault !== undefined) throw new Error(`tsung: ${fault}\n${output}\n${log.slice(-OUTPUT_CHARS_MAX)}`);
  } finally {
    // After a run that failed its Erlang stays.
    const left = processesWith('HOME', folder);
    for (const pid of left) process.kill(pid, 'SIGKILL');
    await untilGone(left, GONE_TIMEOUT_MS);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What speaks against a run, in tsung's own statistics; undefined when everybody logged in and nothing failed. */
export function faultIn(log: string, { users, messages, isTalking }: TsungPlan): string | undefined {
  const error = /^stats: (error\S*) .*$/m.exec(log);
  if (error !== null) return error[0];
  const loggedIn = lastOf(log, 'logged_in');
  if (loggedIn !== users) return `${loggedIn} of ${users} logged in`;
  const sent = lastOf(log, 'request_noack');
  const wanted = isTalking ? users * messages : 0;
  return sent < wanted ? `${sent} sent, ${wanted} of them messages` : undefined;
}

/** How many there were in all: the statistics are told again and again, with the sum last. */
function lastOf(log: string, name: string): number {
  const lines = log
    .split('\n')
    .filter((line) => line.startsWith(`stats: ${name} `) || line.startsWith(`stats: tr_${name} `));
  return Number(lines.at(-1)?.trim().split(' ').at(-1) ?? 0);
}
