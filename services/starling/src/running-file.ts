import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a system leaves in its data folder, so that `starling user` finds it. */
export interface RunningFile {
  readonly mode: 'embedded' | 'cluster';
  readonly domain: string;
  /** Absent once it has stopped. */
  readonly running?: {
    readonly pid: number;
    readonly adminUrl: string;
    /** Bearer token of the administration routes. */
    readonly token: string;
  };
}

/** Where `start` and `cluster` keep their data unless they are told otherwise. */
export const USUAL_FOLDERS: readonly string[] = ['./data', './data/cluster'];

const NAME = 'starling.json';
const PROBE_TIMEOUT_MS = 5_000;

/** For this user only: whoever has the token administers the accounts. */
export function writeRunningFile(dataDir: string, content: RunningFile): void {
  mkdirSync(dataDir, { recursive: true });
  const draft = join(dataDir, `${NAME}.${randomBytes(6).toString('hex')}`);
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, join(dataDir, NAME));
}

/** Undefined when there never was a system in this folder. */
export function readRunningFile(dataDir: string): RunningFile | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDir, NAME), 'utf8')) as RunningFile;
  } catch (error) {
    // Policy: no file, no system; a broken one is as good as none, since it is only ever replaced as a whole.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether the system that wrote the file still answers: its file outlives a kill -9. */
export async function isAnswering({ running }: RunningFile): Promise<boolean> {
  if (!running) return false;
  try {
    const response = await fetch(`${running.adminUrl}/livez`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    // Policy: whoever does not answer is not running.
    return false;
  }
}
