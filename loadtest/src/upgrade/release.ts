import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE } from '../own-world.ts';
import { UsageError } from '../usage-error.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const INSTALL_TIMEOUT_MS = 600_000;
const ABBREVIATED = 12;
/** What is taken for a release as long as there is none. */
const COMMITS_BACK = 20;

/** Code of an earlier commit, installed and built. */
export interface Release {
  readonly name: string;
  readonly folder: string;
}

const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();

/** The newest tag before what is here; where no release has one, the code of some commits ago. */
export function lastRelease(tell: (line: string) => void): string {
  const { status, stdout } = spawnSync('git', ['describe', '--tags', '--abbrev=0', 'HEAD'], { cwd: ROOT });
  if (status === 0) return String(stdout).trim();
  tell(`no release has a tag here: from the code of ${COMMITS_BACK} commits ago (--from names another one)`);
  return `HEAD~${COMMITS_BACK}`;
}

/** Installs and builds a commit in a folder of its own, once. @throws UsageError when it is not here; Error when it cannot be built */
export function ensureRelease(ref: string, tell: (line: string) => void): Release {
  let commit: string;
  try {
    commit = git('rev-parse', '--verify', '--quiet', `${ref}^{commit}`);
  } catch (cause) {
    throw new UsageError(`${ref} is no commit of this repository`, { cause });
  }
  const name = commit.startsWith(ref) ? commit.slice(0, ABBREVIATED) : `${ref} (${commit.slice(0, ABBREVIATED)})`;
  const folder = join(CACHE, 'releases', commit);
  if (!existsSync(folder)) {
    tell(`installing and building ${name} …`);
    const part = `${folder}.part`;
    rmSync(part, { recursive: true, force: true });
    mkdirSync(part, { recursive: true });
    const archive = execFileSync('git', ['archive', commit], { cwd: ROOT, maxBuffer: 1024 ** 3 });
    run('tar', ['-x'], part, archive);
    run('npm', ['ci', '--no-audit', '--no-fund'], part);
    run('npm', ['run', 'build'], part);
    renameSync(part, folder);
  }
  return { name, folder };
}

function run(program: string, args: readonly string[], cwd: string, input?: Buffer): void {
  const { status, error, stderr } = spawnSync(program, args, { cwd, input, timeout: INSTALL_TIMEOUT_MS });
  if (status === 0) return;
  throw new Error(`${program} ${args.join(' ')} in ${cwd}: ${String(stderr ?? '').slice(-1_000)}`, { cause: error });
}
