import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface K6Binary {
  readonly path: string;
  readonly version: string;
}

/** The k6 that is installed here: STARLING_K6 names it, else it is on PATH. We bring none: it is under the AGPL, and its user's choice. */
export function findK6(chosen = process.env.STARLING_K6): K6Binary | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const paths = chosen ? [chosen] : folders.map((folder) => join(folder, 'k6'));
  const path = paths.find(isExecutable);
  if (path === undefined) return undefined;
  const [, version = '?'] = /v(\S+)/.exec(execFileSync(path, ['version'], { encoding: 'utf8' })) ?? [];
  return { path, version };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Policy: not there, or not to be run: not ours.
    return false;
  }
}
