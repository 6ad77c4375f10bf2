// What a container image holds: `node scripts/image/assemble.mjs <folder>`, after npm ci and the build. Everything that a service or the
// command needs to run, and nothing else: no sources, no tests, no tools. infra/Dockerfile copies the folder as it is.
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** It depends on every service. */
const COMMAND = 'services/starling';
/** Beside the programs. */
const FILES = ['package.json', 'LICENSE'];
/** Of our own workspaces. */
const isOfTests = (path) =>
  /\.(test|scenario|bench|conformance)\.js(\.map)?$/.test(path) || /\/(testing|conformance)(\/|$)/.test(path);
/** Of other packages: what Node never loads, save for licences, which go along. */
const isForPeople = (path) =>
  /\.(md|markdown|map|ts|mts|cts)$/i.test(path) && !/\/(licen[cs]e|notice|copying)[^/]*$/i.test(path);

/** The folders of the lock file that a workspace needs at run time, itself among them. */
export function neededPackages(packages, workspace) {
  const needed = new Set();
  const visit = (folder) => {
    if (needed.has(folder)) return;
    needed.add(folder);
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = packages[folder];
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const found = locate(packages, folder, name);
      // What is optional, or a peer that is, need not be there.
      if (found === undefined) continue;
      if (packages[found].link) needed.add(found);
      visit(packages[found].link ? packages[found].resolved : found);
    }
  };
  visit(workspace);
  return [...needed].sort();
}

/** As Node looks for it: from the package's own node_modules up to the root's. */
function locate(packages, from, name) {
  for (let at = from; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name).replace(/^\.\//, '');
    if (candidate in packages) return candidate;
    if (at === '.' || at === '') return undefined;
  }
}
/** uWebSockets.js has one for each platform and version of Node, 130 MiB of them; the final stage has the same Node as this one. */
const isOfOtherPlatform = (path) =>
  /\/uws_[^/]*\.node$/.test(path) &&
  !path.endsWith(`/uws_${process.platform}_${process.arch}_${process.versions.modules}.node`);

function copyPackage(folder, to) {
  const source = join(root, folder);
  const isOurs = !folder.includes('node_modules/');
  cpSync(source, join(to, folder), {
    recursive: true,
    filter: (path) => {
      const inner = relative(source, path);
      // Nested packages are needed or not by themselves.
      if (inner.split('/').includes('node_modules')) return false;
      if (!isOurs) return lstatSync(path).isDirectory() || !(isForPeople(path) || isOfOtherPlatform(path));
      return inner === '' || inner === 'package.json' || (inner.split('/')[0] === 'dist' && !isOfTests(`/${inner}`));
    },
  });
}

/** Copies it all into an empty folder; returns the packages. */
export function assemble(to) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const needed = neededPackages(packages, COMMAND).filter((folder) => existsSync(join(root, folder)));
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const folder of needed) {
    const { link, resolved } = packages[folder];
    if (!link) {
      copyPackage(folder, to);
      continue;
    }
    mkdirSync(dirname(join(to, folder)), { recursive: true });
    symlinkSync(relative(dirname(folder), resolved), join(to, folder));
  }
  for (const file of FILES) cpSync(join(root, file), join(to, file));
  return needed;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [to] = process.argv.slice(2);
  if (to === undefined) throw new Error('usage: node scripts/image/assemble.mjs <folder>');
  console.log(`${assemble(to).length} packages in ${to}`);
}
