// What this machine gives: the data folder, the ports, file descriptors, the clock.
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { EdgeConfig } from '@starling/edge';
import { formatBytes, type RuntimeConfig } from '@starling/runtime';
import { clientPorts, whyPortIsNotFree } from '../ports.ts';
import { isAnswering, readRunningFile } from '../running-file.ts';
import { failed, messageOf, type Outcome, ok, warning } from './finding.ts';

const FREE_BYTES_MIN = 1024 ** 3;
/** Besides connections: files, NATS, the database, /metrics. */
const OTHER_DESCRIPTORS = 1_000;
/** Whoever is before this has no clock: certificates and time stamps would be wrong. */
const EARLIEST_YEAR = 2025;

export function checkDataDir(dataDir: string): Outcome {
  const folder = resolve(dataDir);
  try {
    if (!existsSync(folder)) {
      const parent = existingParentOf(folder);
      accessSync(parent, constants.W_OK);
      return statSync(parent).isDirectory() ? ok(`${folder} will be made`) : failed(`${parent} is no folder`);
    }
    const probe = join(folder, `.check-${randomBytes(6).toString('hex')}`);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    // Policy: what the file system says is the finding.
    return failed(`${folder} is not writable: ${messageOf(error)}`);
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const text = `${folder} is writable, ${formatBytes(Math.floor(free / 1024 ** 2) * 1024 ** 2)} free`;
  return free < FREE_BYTES_MIN ? warning(text) : ok(text);
}

const existingParentOf = (path: string): string => (existsSync(path) ? path : existingParentOf(dirname(path)));

export async function checkPorts(edge: EdgeConfig, { adminHost, adminPort }: RuntimeConfig): Promise<Outcome> {
  const wanted = [...clientPorts(edge), { env: 'STARLING_ADMIN_PORT', host: adminHost, port: adminPort }];
  const running = readRunningFile(edge.dataDir);
  if (running && (await isAnswering(running)))
    return ok(`in use by the running system (process ${running.running?.pid})`);
  const reasons = (await Promise.all(wanted.map(whyPortIsNotFree))).filter((reason) => reason !== undefined);
  const listed = wanted.map(({ port }) => (port === 0 ? 'any' : port)).join(', ');
  return reasons.length > 0 ? failed(reasons.join('; ')) : ok(`${listed} are free`);
}

/** The bound of file descriptors: Node raises the soft limit to the hard one by itself. */
export function checkDescriptors({ connectionsMax }: EdgeConfig): Outcome {
  const limit = openFilesMax();
  if (limit === undefined) return ok('this system does not tell its limit of open files');
  const text = `${limit} open files, for ${connectionsMax} connections`;
  if (limit >= connectionsMax + OTHER_DESCRIPTORS) return ok(text);
  return warning(`${text}: raise the limit (ulimit -n, LimitNOFILE) or lower STARLING_CONNECTIONS_MAX`);
}

function openFilesMax(): number | undefined {
  try {
    const [, limit] = /^Max open files\s+\S+\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return limit === 'unlimited' ? Number.POSITIVE_INFINITY : limit === undefined ? undefined : Number(limit);
  } catch {
    // Policy: only Linux has this file.
    return undefined;
  }
}

/** Without anybody to compare with, only what cannot be. The database compares clocks: checkDatabase. */
export function checkClock(nowMs: number): Outcome {
  const now = new Date(nowMs);
  if (now.getUTCFullYear() >= EARLIEST_YEAR) return ok(now.toISOString());
  return failed(`${now.toISOString()} is in the past: set the clock, or start NTP`);
}
