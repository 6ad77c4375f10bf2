import { isDeepStrictEqual } from 'node:util';
import { UsageError } from '../usage-error.ts';
import type { PeersResult } from './result.ts';
import { SERVER_NAMES } from './server.ts';
import type { WorkName } from './works.ts';

/** What is known of a run before it. */
const SETTING = ['commit', 'machine', 'rounds', 'options'] as const;
export type Setting = Pick<PeersResult, (typeof SETTING)[number]>;

/** Whether works that are to be measured may become a part of a result. @throws UsageError when it has one of them, or differs in anything else */
export function requireJoinable(earlier: PeersResult, later: Setting, works: readonly WorkName[]): void {
  for (const what of SETTING)
    if (!isDeepStrictEqual(earlier[what], later[what])) throw new UsageError(`--into: another ${what}`);
  const measured = new Set(earlier.measurements.map(({ work }) => work));
  const twice = works.find((work) => measured.has(work));
  if (twice !== undefined) throw new UsageError(`--into: ${twice} has been measured`);
}

/**
 * One result of two runs of different works. All servers do a work in turn before the next one begins, so it makes no difference to a ratio
 * whether works were measured in one sitting. Pure.
 * @throws UsageError, as requireJoinable does
 */
export function joined(earlier: PeersResult, later: PeersResult): PeersResult {
  requireJoinable(
    earlier,
    later,
    later.measurements.map(({ work }) => work),
  );
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
