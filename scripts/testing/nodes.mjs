// Other versions of Node, as npm brings them: the tests run under the oldest that we support and the newest.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../../.cache', import.meta.url));

/** The binary for `current`, for a version such as 22 (fetched once), or for a path. */
export function nodeBinary(wanted) {
  if (wanted === 'current') return process.execPath;
  if (!/^\d+(\.\d+)*$/.test(wanted)) return wanted;
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(cache, `node-${wanted}`);
  const binary = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const args = ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', `${name}@${wanted}`];
  if (spawnSync('npm', args, { stdio: ['ignore', 2, 2], cwd: folder }).status !== 0 || !existsSync(binary)) {
    throw new Error(`npm could not fetch ${name}@${wanted}`);
  }
  return binary;
}
