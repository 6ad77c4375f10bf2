import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { formatBytes } from '@starling/runtime';
import { failed, messageOf, type Outcome, ok, warning } from './finding.ts';

const MIB = 1024 ** 2;
const FREE_BYTES_MIN = 1024 ** 3;

export function checkDataFolder(dataDir: string): Outcome {
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
  return judgeFreeBytes(folder, bavail * bsize);
}

const existingParentOf = (path: string): string => (existsSync(path) ? path : existingParentOf(dirname(path)));

export function judgeFreeBytes(folder: string, freeBytes: number): Outcome {
  const text = `${folder} is writable, ${formatBytes(Math.floor(freeBytes / MIB) * MIB)} free`;
  return freeBytes < FREE_BYTES_MIN ? warning(text) : ok(text);
}
