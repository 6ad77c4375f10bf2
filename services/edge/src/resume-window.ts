import { ConfigError } from '@starling/runtime';

/** A client that comes back at the last moment still has to send again what was not acknowledged, and the log has to know it then. */
const MARGIN_MS = 30_000;

/** Whether what a client sends again after the longest absence is known to be that (design.md §4). @throws ConfigError */
export function checkResumeWindow(resumeWindowMs: number, duplicateWindowMs: number): void {
  if (resumeWindowMs <= duplicateWindowMs - MARGIN_MS) return;
  throw new ConfigError([
    'STARLING_RESUME_WINDOW is longer than STARLING_LOG_DUPLICATE_WINDOW less 30s: what a client sends again could be stored twice',
  ]);
}
