import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type OwnWorld, startWorld, type WorldKind, type WorldOptions } from '@starling/testkit';

const LEAVE_TIMEOUT_MS = 5_000;
const POLL_MS = 50;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const INTERRUPTED = 130;
/** Settings of whoever runs us that a world has too: where programs are. */
const PROGRAMS = ['STARLING_NATS_SERVER', 'STARLING_POSTGRES_BIN'];

/** What is not kept in git: logs of failed runs, profiles. */
export const CACHE = fileURLToPath(new URL('../../.cache/', import.meta.url));

/** A world for as long as `work` takes; a signal stops it as well. @throws what `work` or the stop throws */
export async function withWorld<T>(
  kind: WorldKind,
  options: WorldOptions,
  work: (world: OwnWorld) => Promise<T>,
): Promise<T> {
  let world: OwnWorld | undefined;
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    // While it is still starting, it is stopped as soon as it has started.
    void world?.stop().finally(() => process.exit(INTERRUPTED));
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    world = await startWorld(kind, { ...options, settings: { ...programs(), ...options.settings } });
    if (interrupted) interrupt();
    return await work(world);
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
    await world?.stop();
    if (world) await requireGone(world);
  }
}

function programs(): Record<string, string> {
  return Object.fromEntries(PROGRAMS.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** @throws Error when something of it is still running after a moment; that is killed */
async function requireGone({ ready }: OwnWorld): Promise<void> {
  const left = () => [
    ...new Set([...processesOf(ready.dataDir), ...ready.processes.map((p) => p.pid).filter(isRunning)]),
  ];
  const deadlineMs = performance.now() + LEAVE_TIMEOUT_MS;
  while (left().length > 0 && performance.now() < deadlineMs) await sleep(POLL_MS);
  const pids = left();
  const commands = pids.map((pid) => `${pid} ${commandOf(pid)}`);
  for (const pid of pids) if (processesOf(ready.dataDir).includes(pid)) process.kill(pid, 'SIGKILL');
  if (pids.length > 0) throw new Error(`still running after the stop: ${commands.join('; ')}`);
}

/** Pids of all processes that were started with this data folder. */
export function processesOf(dataDir: string): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => belongsTo(pid, dataDir));
}

/** Whether a process has this data folder in its environment: pids are given anew. */
export const belongsTo = (pid: number, dataDir: string): boolean =>
  `\0${readIfThere(`/proc/${pid}/environ`)}`.includes(`\0STARLING_DATA_DIR=${dataDir}\0`);

const commandOf = (pid: number) => readIfThere(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();

/** A zombie is none: its parent has only not looked yet. */
function isRunning(pid: number): boolean {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Policy: it has ended, or is somebody else's.
    return '';
  }
}

/** Copies what all its processes have logged; returns the folder. */
export function keepLogs(world: OwnWorld, name: string): string {
  const folder = join(CACHE, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(world.ready.dataDir, 'logs'), join(folder, 'logs'), { recursive: true });
  for (const { service, id } of world.ready.processes) {
    if (service === 'nats')
      writeFileSync(join(folder, `${id}.log`), readIfThere(join(world.ready.dataDir, 'nats', id, 'log')));
  }
  writeFileSync(join(folder, 'cluster.log'), world.output);
  return folder;
}
