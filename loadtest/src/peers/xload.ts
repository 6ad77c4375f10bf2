import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PeerPart, PeerServer } from './server.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 600_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** One line of what the load generator prints: one repetition of one load. */
export type XloadLine = Readonly<Record<string, number | string | boolean>>;

export interface XloadOptions {
  readonly peersFolder: string;
  /** Of taskset. */
  readonly generatorCores: string;
  readonly password: string;
}

/** Runs the load generator that all servers are measured with. @throws Error with what it says when a connection fails */
export async function xload(
  server: PeerServer,
  { peersFolder, generatorCores, password }: XloadOptions,
  load: Readonly<Record<string, string | number>>,
): Promise<readonly XloadLine[]> {
  const flags = {
    port: server.port,
    domain: server.domain,
    prefix: server.prefix,
    pass: password,
    watch: server.parts.map(watchOf).join(),
    ...load,
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const program = [process.execPath, join(peersFolder, 'xload.mjs')];
  const { stdout } = await run('taskset', ['--cpu-list', generatorCores, ...program, ...args], {
    timeout: TIMEOUT_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as XloadLine);
}

const watchOf = ({ label, pid, isTree }: PeerPart) => (isTree ? `${label}:${pid}:tree` : `${label}:${pid}`);
