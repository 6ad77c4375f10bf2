// One fast build: every workspace's src/**/*.ts becomes dist/**/*.js, file by file.
// Types are checked by `npm run types`; here esbuild only strips them.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Every workspace folder, `packages/jid` and the like. */
export function workspaces() {
  const grouped = ['packages', 'services'].flatMap((group) =>
    readdirSync(join(root, group), { withFileTypes: true })
      .filter((d) => d.isDirectory() && existsSync(join(root, group, d.name, 'package.json')))
      .map((d) => `${group}/${d.name}`),
  );
  return [...grouped, 'infra/grafana', 'loadtest'];
}

/** All files below a folder, as paths from the repository's root. */
export function filesBelow(folder) {
  const absolute = join(root, folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true, withFileTypes: true })
    .filter((d) => d.isFile())
    .map((d) => relative(root, join(d.parentPath ?? d.path, d.name)));
}

const outputOf = (source) => source.replace('/src/', '/dist/').replace(/\.ts$/, '.js');
const isSource = (file) => file.endsWith('.ts') && !file.endsWith('.d.ts');
const isAsset = (file) => /\.(js|d\.ts|sql|proto)$/.test(file) || (!isSource(file) && file.includes('/assets/'));
const mtime = (file) => statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** What the build makes: source → output. */
function plan() {
  const sources = workspaces().flatMap((w) => filesBelow(`${w}/src`));
  return sources.filter((f) => isSource(f) || isAsset(f)).map((f) => ({ source: f, output: outputOf(f) }));
}

/** Whether some output is missing or older than its source. */
export function isStale() {
  return plan().some(({ source, output }) => mtime(output) < mtime(source));
}

// Imports name the .ts file that a reader opens; the output has to name the .js beside it.
const rewriteImports = {
  name: 'ts-to-js',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\// }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path: path.replace(/\.ts$/, '.js'), external: true },
    );
  },
};

export async function build() {
  const files = plan();
  const wanted = new Set(files.map((f) => f.output));
  for (const workspace of workspaces()) {
    for (const old of filesBelow(`${workspace}/dist`)) {
      if (!wanted.has(old.replace(/\.map$/, ''))) rmSync(join(root, old));
    }
  }
  const esbuild = await import('esbuild');
  const { copyFileSync, mkdirSync } = await import('node:fs');
  const { dirname } = await import('node:path');
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: files
      .filter((f) => isSource(f.source))
      .map((f) => ({ in: f.source, out: f.output.replace(/\.js$/, '') })),
    outdir: root,
    bundle: true,
    packages: 'external',
    plugins: [rewriteImports],
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  });
  for (const { source, output } of files.filter((f) => !isSource(f.source))) {
    mkdirSync(dirname(join(root, output)), { recursive: true });
    copyFileSync(join(root, source), join(root, output));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const started = performance.now();
  await build();
  console.log(`built in ${Math.round(performance.now() - started)} ms`);
}
