// Where flame graphs are kept, and by which names. Of each load and service only the newest stays.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { RESULTS } from '../bench/results.ts';

export const FLAMES = new URL('flames/', RESULTS);

export interface FlameFile {
  /** The day and the commit: resultName(). */
  readonly run: string;
  readonly load: string;
  readonly service: string;
}

/** What a load is called in a file's name. */
export const slugOf = (load: string): string => load.toLowerCase().replace(/[^a-z0-9]+/g, '-');

export interface KeptFlame extends FlameFile {
  readonly name: string;
}

export const flameFileOf = ({ run, load, service }: FlameFile): string => `${run}-${slugOf(load)}-${service}.svg`;

/** Undefined when it is no flame graph. */
export function parseFlameFile(name: string): FlameFile | undefined {
  const [, run, load, service] = /^(\d{4}-\d\d-\d\d-[^-]+)-(.+)-([a-z]+)\.svg$/.exec(name) ?? [];
  return run === undefined || load === undefined || service === undefined ? undefined : { run, load, service };
}

/** Writes it, and removes what was there of the same load and service. */
export function keepFlame(file: FlameFile, svg: string, folder: URL = FLAMES): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    const old = parseFlameFile(name);
    if (old?.load === slugOf(file.load) && old.service === file.service) rmSync(new URL(name, folder));
  }
  writeFileSync(new URL(flameFileOf(file), folder), svg);
}

/** All that are kept, in the order of their loads and services. */
export function keptFlames(folder: URL = FLAMES): readonly KeptFlame[] {
  return namesIn(folder)
    .flatMap((name) => {
      const file = parseFlameFile(name);
      return file === undefined ? [] : [{ ...file, name }];
    })
    .sort((a, b) => compare(a.load, b.load) || compare(a.service, b.service));
}

function namesIn(folder: URL): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Policy: none has been kept yet.
    return [];
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
