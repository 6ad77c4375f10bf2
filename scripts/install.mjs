// What a fresh clone needs before anything of it can run: the packages, then the build. Only Node's own modules here.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const mtime = (file) => statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Ends the process with one line when this Node is older than package.json asks for. */
function checkNode() {
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node.replace('>=', '');
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [majorMin, minorMin] = wanted.split('.').map(Number);
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  process.stderr.write(`starling: needs Node ${wanted} or newer, this is ${process.versions.node}\n`);
  process.exit(78);
}

/** npm writes its own copy of the lock file into node_modules as its last act; git may touch ours without changing it. */
function needsInstall() {
  const [ours, installed] = ['package-lock.json', 'node_modules/.package-lock.json'];
  if (mtime(installed) >= mtime(ours)) return false;
  if (mtime(installed) === 0) return true;
  const wanted = Object.entries(packagesOf(ours)).filter(([path]) => path.startsWith('node_modules/'));
  const found = packagesOf(installed);
  // What is optional is absent where it is for another platform.
  const isThere = ([path, { version, link, optional }]) =>
    found[path] ? found[path].version === version && found[path].link === link : optional === true;
  if (!wanted.every(isThere)) return true;
  const now = new Date();
  utimesSync(join(root, installed), now, now);
  return false;
}

const packagesOf = (file) => JSON.parse(readFileSync(join(root, file), 'utf8')).packages;

function install() {
  process.stderr.write('starling: installing packages (npm ci) …\n');
  const underNpm = process.env.npm_execpath?.endsWith('.js') ? process.env.npm_execpath : undefined;
  const args = ['ci', '--no-audit', '--no-fund'];
  // Standard output belongs to the ready line of --json-ready, so npm's goes to standard error.
  const options = { cwd: root, stdio: ['ignore', 2, 2] };
  const { status, error } = underNpm
    ? spawnSync(process.execPath, [underNpm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  if (status === 0) return;
  process.stderr.write(`starling: npm ci failed${error ? `: ${error.message}` : ` with exit code ${status}`}\n`);
  process.exit(69);
}

/** Installs and builds what is missing or older than its source; says so on standard error. */
export async function prepare() {
  checkNode();
  if (needsInstall()) install();
  const { build, isStale } = await import('./build.mjs');
  if (!isStale()) return;
  process.stderr.write('starling: building …\n');
  await build();
}

const PARENT_POLL_MS = 250;

/** npm hands SIGTERM to its shell, which need not hand it on (dash does not): whoever was started by npm stops when that shell is gone. */
export function stopWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, PARENT_POLL_MS);
  timer.unref();
}
