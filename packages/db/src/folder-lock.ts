import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isRunning, startOf } from './process-start.ts';

export interface FolderLock {
  /** Gives the lock up; a second call does nothing. */
  release(): void;
}

/** Another process has the folder open. */
export class DbLockedError extends Error {
  override readonly name = 'DbLockedError';
  readonly pid: number;
  constructor(path: string, pid: number) {
    super(
      `the data folder is in use by process ${pid} (${path}); stop that one, choose another STARLING_DATA_DIR, or set STARLING_DATABASE_URL to share a PostgreSQL`,
    );
    this.pid = pid;
  }
}

interface Holder {
  readonly pid: number;
  /** When that process started: a number is given again after its process has died. */
  readonly start: string;
}

const ATTEMPTS_MAX = 10;

/**
 * Takes a lock file for this process. The file of a dead process is taken over, also when its number has been given to another
 * process or the machine was restarted meanwhile.
 * @throws DbLockedError
 */
export function lockFolder(path: string): FolderLock {
  const own: Holder = { pid: process.pid, start: startOf(process.pid) };
  const content = JSON.stringify(own);
  const draft = `${path}.${process.pid}`;
  // Written aside and then linked: a lock file is never seen without its content.
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (tryLink(draft, path)) return { release: () => release(path, content) };
      const found = readOrEmpty(path);
      const holder = parseHolder(found);
      if (holder && isRunning(holder.pid) && (holder.start === '' || startOf(holder.pid) === holder.start))
        throw new DbLockedError(path, holder.pid);
      if (found !== '') setAside(path, found);
    }
    throw new Error(`${path} changes hands too often`);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves a stale lock file away, so that only one of several who saw it does. */
function setAside(path: string, stale: string): void {
  const aside = `${path}.${process.pid}.stale`;
  if (!tryFile(() => renameSync(path, aside), 'ENOENT')) return;
  // Somebody was faster and has put his own there meanwhile: give it back.
  if (readOrEmpty(aside) !== stale) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function release(path: string, content: string): void {
  if (readOrEmpty(path) === content) rmSync(path, { force: true });
}

const tryLink = (from: string, to: string): boolean => tryFile(() => linkSync(from, to), 'EEXIST');

/** False when the file system answered with this code. */
function tryFile(work: () => void, code: string): boolean {
  try {
    work();
    return true;
  } catch (error) {
    // Policy: the expected answer is a result; anything else is a fault of the folder.
    if ((error as NodeJS.ErrnoException).code === code) return false;
    throw error;
  }
}

function readOrEmpty(path: string): string {
  let text = '';
  tryFile(() => {
    text = readFileSync(path, 'utf8');
  }, 'ENOENT');
  return text;
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, start } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === 'number' && typeof start === 'string' ? { pid, start } : undefined;
  } catch {
    // Policy: no holder can be read from it, so none holds it; ours are never written in parts.
    return undefined;
  }
}
