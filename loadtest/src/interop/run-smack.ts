import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnWorld } from '@starling/testkit';
import { CACHE } from '../own-world.ts';
import { trust } from './java.ts';
import type { SmackResult } from './verdict.ts';

/** How long Smack waits for what it expects; its own 47 s are for servers far away. */
const REPLY_TIMEOUT_MS = 10_000;
/** The stress test waits for a minute and a half by itself. */
const TEST_SECONDS_MAX = 120;
const RUN_TIMEOUT_MS = 45 * 60_000;
const HOST = '127.0.0.1';

/**
 * Settings of a server for these tests: all accounts are registered by one connection, which stays unauthenticated for as long as they take.
 */
export const SERVER_SETTINGS = {
  STARLING_REGISTRATION: 'open',
  STARLING_HANDSHAKE_TIMEOUT: '1h',
  STARLING_REGISTRATIONS_PER_STREAM_MAX: '10000',
} as const;

/**
 * Runs Smack's tests against a world through its round-robin. `tests`: names of classes, or Class.method; none: all.
 * @throws Error when the run has left no results
 */
export async function runSmack(world: OwnWorld, classPath: string, tests: readonly string[]): Promise<SmackResult[]> {
  const { dataDir, domain, endpoints } = world.ready;
  const folder = join(CACHE, 'interop-smack');
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, `${world.kind}.log`);
  const results = join(dataDir, 'smack.jsonl');
  rmSync(results, { force: true });
  const properties = {
    'sinttest.service': domain,
    'sinttest.host': HOST,
    // TCP is secured by STARTTLS, which is offered; edges leave the TLS of WebSockets to a proxy before them.
    'sinttest.securityMode': 'ifpossible',
    'sinttest.replyTimeout': String(REPLY_TIMEOUT_MS),
    'sinttest.defaultConnection': 'tcp',
    // Nothing here is to be asked of a name server, and this one asks none when it is made.
    'sinttest.dnsResolver': 'javax',
    ...(tests.length === 0 ? {} : { 'sinttest.enabledTests': tests.join(',') }),
    'starling.port': String(endpoints.c2s),
    'starling.websocket': `ws://${HOST}:${endpoints.http}/xmpp-websocket`,
    'starling.testSecondsMax': String(TEST_SECONDS_MAX),
    'starling.results': results,
  };
  const settings = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
  const args = ['-ea', ...trust(dataDir), ...settings, '-cp', classPath, 'starling.interop.Run'];
  const java = spawn('java', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const killJava = () => java.kill('SIGKILL');
  process.once('exit', killJava);
  const log = createWriteStream(logFile, { flags: 'a' });
  java.stdout.pipe(log, { end: false });
  java.stderr.pipe(log, { end: false });
  const [code, signal] = (await once(java, 'close')) as [number | null, NodeJS.Signals | null];
  process.off('exit', killJava);
  log.end();
  if (!existsSync(results)) throw new Error(`Smack ended with ${signal ?? code} and left no results; see ${logFile}`);
  const lines = readFileSync(results, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as SmackResult);
}
