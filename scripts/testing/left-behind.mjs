// Processes that tests have left behind: everything that a test file starts inherits a mark in its environment, even when it
// is detached or its parent is gone.
import { readdirSync, readFileSync } from 'node:fs';

/** Not STARLING_…: those are settings, and an unknown one is refused. */
export const MARK_VARIABLE = 'TEST_RUN_MARK';

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Policy: it ended meanwhile, or is somebody else's; neither is ours to report.
    return '';
  }
}

/** Running processes with this mark: pid and command line. Empty where there is no /proc. */
export function markedProcesses(mark) {
  const entry = `\0${MARK_VARIABLE}=${mark}\0`;
  return read('/proc/self/environ') === ''
    ? []
    : readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
        .filter((pid) => `\0${read(`/proc/${pid}/environ`)}`.includes(entry))
        .map((pid) => ({ pid: Number(pid), command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }));
}

/** Waits a moment for processes with this mark to go; kills those that stay and returns them. */
export async function killLeftBehind(mark, graceMs = 2_000) {
  const deadline = Date.now() + graceMs;
  let left = markedProcesses(mark);
  while (left.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    left = markedProcesses(mark);
  }
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Policy: gone since we looked.
    }
  }
  return left;
}
