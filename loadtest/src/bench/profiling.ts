import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadyProcess, World } from '@starling/testkit';
import { CACHE } from '../own-world.ts';
import { PROFILE_FOLDER_VARIABLE, profileOf } from './profile-names.ts';
import { type CpuProfile, describeProfile } from './profile-report.ts';
import type { BenchResult } from './results.ts';

/** The profiles as V8 writes them, for the developer tools of a browser. */
export const PROFILES_FOLDER = join(CACHE, 'profiles');

const SERVICES = ['edge', 'archive', 'presence', 'roster'];
const ROWS = 20;
/** Cheaper parts are idle: they show nothing but their timers. */
const WORTH_SHOWING_US = 10;
const WRITE_TIMEOUT_MS = 15_000;
const POLL_MS = 50;

/** Empties the folder; returns the variables with which a world can be profiled. */
export function prepareProfiling(): Record<string, string> {
  rmSync(PROFILES_FOLDER, { recursive: true, force: true });
  mkdirSync(PROFILES_FOLDER, { recursive: true });
  const hook = new URL('./profile-hook.js', import.meta.url).href;
  return { NODE_OPTIONS: `--import=${hook}`, [PROFILE_FOLDER_VARIABLE]: PROFILES_FOLDER };
}

const profiled = (world: World): readonly ReadyProcess[] =>
  world.ready.processes.filter(({ service }) => SERVICES.includes(service));

export function startProfilers(world: World): void {
  for (const { pid } of profiled(world)) process.kill(pid, 'SIGUSR2');
}

/** Ends them, and puts their files away under the name of the load. @throws Error when one is not written in time */
export async function stopProfilers(world: World, load: string): Promise<void> {
  startProfilers(world); // the signal toggles
  for (const { id } of profiled(world)) {
    const file = join(PROFILES_FOLDER, profileOf(id));
    const deadlineMs = performance.now() + WRITE_TIMEOUT_MS;
    while (!existsSync(file)) {
      if (performance.now() > deadlineMs) throw new Error(`${id} writes no profile`);
      await sleep(POLL_MS);
    }
    renameSync(file, join(PROFILES_FOLDER, fileOf(load, id)));
  }
}

/** The costliest functions of each process at each load, as Markdown. */
export function reportProfiles({ commit, at, machine, results }: BenchResult): string {
  const parts = [`# Where the CPU goes: ${commit}, ${at.slice(0, 10)}`, ''];
  parts.push(
    `Node ${machine.node}, ${machine.cores} × ${machine.cpu}. The profiler's shares of the time that was not idle, times the CPU of the process, which holds the profiler's own too.`,
    '',
  );
  for (const { load, cpuPerMessage } of results) {
    for (const service of SERVICES) {
      const cpuUs = cpuPerMessage[service] ?? 0;
      if (cpuUs < WORTH_SHOWING_US) continue;
      const file = join(PROFILES_FOLDER, fileOf(load, `${service}-1`));
      const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
      parts.push(describeProfile(`${service}, ${load}`, profile, cpuUs, ROWS));
    }
  }
  return parts.join('\n');
}

const fileOf = (load: string, id: string): string => `${load.replace(/[^a-z0-9]+/g, '-')}-${profileOf(id)}`;
