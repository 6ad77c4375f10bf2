import { isDeepStrictEqual } from 'node:util';
import { UsageError } from '../usage-error.ts';
import type { PeersResult } from './result.ts';
import { SERVER_NAMES } from './server.ts';

/**
 * One result of two runs of different works. All servers do a work in turn before the next one begins, so it makes no difference to a ratio
 * whether works were measured in one sitting. Pure.
 * @throws UsageError when they have a work in common, or differ in anything else than works
 */
export function joined(earlier: PeersResult, later: PeersResult): PeersResult {
  for (const what of ['commit', 'machine', 'rounds', 'options'] as const)
    if (!isDeepStrictEqual(earlier[what], later[what])) throw new UsageError(`--into: another ${what}`);
  const works = new Set(earlier.measurements.map(({ work }) => work));
  const twice = later.measurements.find(({ work }) => works.has(work));
  if (twice !== undefined) throw new UsageError(`--into: ${twice.work} has been measured`);
  const servers = new Map([...earlier.servers, ...later.servers].map((server) => [server.name, server]));
  return {
    ...earlier,
    servers: SERVER_NAMES.flatMap((name) => servers.get(name) ?? []),
    versions: { ...earlier.versions, ...later.versions },
    missing: [...new Set([...earlier.missing, ...later.missing])],
    failures: [...earlier.failures, ...later.failures],
    calibrationUs: [earlier.calibrationUs[0], later.calibrationUs[1]],
    measurements: [...earlier.measurements, ...later.measurements],
    tsung: [...earlier.tsung, ...later.tsung],
  };
}
