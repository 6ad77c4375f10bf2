import { readFileSync } from 'node:fs';
import { type Outcome, ok, warning } from './finding.ts';

/** Besides connections: files, NATS, the database, /metrics. */
const OTHER_DESCRIPTORS = 1_000;

export const checkFileDescriptors = (connectionsMax: number): Outcome =>
  judgeFileDescriptors(openFilesMax(), connectionsMax);

/** @param limit undefined = this system does not tell */
export function judgeFileDescriptors(limit: number | undefined, connectionsMax: number): Outcome {
  if (limit === undefined) return ok('this system does not tell its limit of open files');
  const text = `${limit} open files, for ${connectionsMax} connections`;
  if (limit >= connectionsMax + OTHER_DESCRIPTORS) return ok(text);
  return warning(`${text}: raise the limit (ulimit -n, LimitNOFILE) or lower STARLING_CONNECTIONS_MAX`);
}

/** Node raises the soft limit to the hard one by itself. */
function openFilesMax(): number | undefined {
  try {
    return hardLimitIn(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    // Policy: only Linux has this file.
    return undefined;
  }
}

/** @param limits what Linux has in /proc/self/limits */
export function hardLimitIn(limits: string): number | undefined {
  const [, limit] = /^Max open files\s+\S+\s+(\d+|unlimited)/m.exec(limits) ?? [];
  if (limit === undefined) return undefined;
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit);
}
