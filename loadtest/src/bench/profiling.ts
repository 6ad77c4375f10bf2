import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { ReadyProcess, World } from '@starling/testkit';
import { FLAMES, keepFlame, slugOf } from '../flames/flame-files.ts';
import { flameSvg } from '../flames/flame-svg.ts';
import { flameOf } from '../flames/flame-tree.ts';
import { CACHE } from '../own-world.ts';
import { othersDoubt } from './others-share.ts';
import { PROFILE_FOLDER_VARIABLE, profileOf } from './profile-names.ts';
import { type CpuProfile, describeProfile, type PlaceOf, selfTimes } from './profile-report.ts';
import { type BenchResult, keepFile, resultName } from './results.ts';
import { sourcePlaces } from './source-places.ts';

/** The profiles as V8 writes them, for the developer tools of a browser. */
export const PROFILES_FOLDER = join(CACHE, 'profiles');

const SERVICES = ['edge', 'archive', 'presence', 'roster'];
const ROWS = 20;
/** Cheaper parts are idle: they show nothing but their timers. */
const WORTH_SHOWING_US = 10;
/** A picture of less is one of a few samples. */
const WORTH_DRAWING_US = 20_000;
const MICROSECONDS_PER_SECOND = 1_000_000;
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

/** What has been profiled, by the names of its loads. @returns where the report and the flame graphs are, for people */
export function keepProfiles(
  result: BenchResult,
  { kind, loads, isKept }: { kind: string; loads: readonly string[]; isKept: boolean },
): string {
  const placeOf = sourcePlaces();
  const graphs = loads.flatMap((load) => SERVICES.map((service) => drawFlame(result, load, service, placeOf, isKept)));
  const told = `${graphs.filter((isDrawn) => isDrawn).length} flame graphs and the profiles in`;
  const report = reportProfiles(result, placeOf);
  if (!isKept) return `${report}\n${told} ${PROFILES_FOLDER}`;
  return `${keepFile(`${resultName(result)}-${kind}.md`, report)}; ${told} loadtest/results/flames, ${PROFILES_FOLDER}`;
}

/** False when it had next to nothing to do. */
function drawFlame(result: BenchResult, load: string, service: string, placeOf: PlaceOf, isKept: boolean): boolean {
  const flame = flameOf(readProfile(load, service), placeOf);
  if (flame.totalUs < WORTH_DRAWING_US) return false;
  const measured = result.results.find((one) => one.load === load);
  const cpuUs = measured?.cpuPerMessage[service];
  const doubt = othersDoubt(measured?.othersShare ?? 0);
  const cost = cpuUs === undefined ? '' : `, ${cpuUs} µs of CPU each`;
  const busy = `busy for ${(flame.totalUs / MICROSECONDS_PER_SECOND).toFixed(1)} s`;
  const subtitle = `${result.at.slice(0, 10)}, ${result.commit}, Node ${result.machine.node}; ${busy}${doubt === '' ? '' : `; ${doubt}`}`;
  const svg = flameSvg(flame, { title: `${service}, ${load}${cost}`, subtitle });
  const folder = isKept ? FLAMES : pathToFileURL(`${PROFILES_FOLDER}/`);
  keepFlame({ run: resultName(result), load, service }, svg, folder);
  return true;
}

/** The costliest functions of each process at each load, as Markdown. */
function reportProfiles({ commit, at, machine, results, doubts }: BenchResult, placeOf: PlaceOf): string {
  const parts = [`# Where the CPU goes: ${commit}, ${at.slice(0, 10)}`, ''];
  parts.push(
    `Node ${machine.node}, ${machine.cores} × ${machine.cpu}. The profiler's shares of the time that was not idle, times the CPU of the process, which holds the profiler's own too.`,
    '',
  );
  if (doubts.length > 0) parts.push(`Doubtful: ${doubts.join('; ')}.`, '');
  for (const { load, cpuPerMessage } of results) {
    for (const service of SERVICES) {
      const cpuUs = cpuPerMessage[service] ?? 0;
      if (cpuUs < WORTH_SHOWING_US) continue;
      const costs = selfTimes(readProfile(load, service), placeOf);
      parts.push(describeProfile(`${service}, ${load}`, costs, cpuUs, ROWS));
    }
  }
  return parts.join('\n');
}

/** There is one of each. */
const readProfile = (load: string, service: string): CpuProfile =>
  JSON.parse(readFileSync(join(PROFILES_FOLDER, fileOf(load, `${service}-1`)), 'utf8')) as CpuProfile;

const fileOf = (load: string, id: string): string => `${slugOf(load)}-${profileOf(id)}`;
