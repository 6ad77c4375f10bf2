import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../usage-error.ts';

/** @throws UsageError when it is not the folder with the load generator and the scripts that start the other servers */
export function peersFolderOf(path: string | undefined): string {
  if (path === undefined || !existsSync(join(path, 'xload.mjs')))
    throw new UsageError('--peers is the folder with xload.mjs and the scripts that start the other servers');
  return resolve(path);
}

/** The servers of a list, separated by commas. @throws UsageError when there is another one */
export function serversOf(list: string, known: readonly string[]): readonly string[] {
  const servers = list.split(',');
  const stranger = servers.find((name) => !known.includes(name));
  if (stranger !== undefined) throw new UsageError(`--servers ${stranger}: some of ${known.join()}`);
  return servers;
}

/** @throws UsageError when one of them is no number above 0 */
export function requireAboveZero(numbers: Readonly<Record<string, number>>): void {
  for (const [name, number] of Object.entries(numbers))
    if (!(number > 0)) throw new UsageError(`${name} has to be a number above 0`);
}
