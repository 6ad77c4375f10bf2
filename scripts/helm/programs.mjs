// Helm, and what validates its output, built by Go into .cache/bin where they are not yet.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const BIN = join(root, '.cache/bin');
const INSTALL_TIMEOUT_MS = 900_000;

/** Each in a file with its version, so that a new one is built when it is named here. */
const PROGRAMS = {
  helm: { path: 'helm.sh/helm/v4/cmd/helm', version: 'v4.3.1' },
  'kubectl-validate': { path: 'sigs.k8s.io/kubectl-validate', version: 'v0.0.4' },
};

/** Definitions of the kinds that are not Kubernetes's own, in the folders of these Go modules. */
const DEFINITIONS = [
  { module: 'github.com/cert-manager/cert-manager@v1.21.2', folders: ['deploy/crds'] },
  { module: 'github.com/kedacore/keda/v2@v2.21.0', folders: ['config/crd/bases'] },
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    folders: ['example/prometheus-operator-crd'],
  },
  { module: 'sigs.k8s.io/gateway-api@v1.6.3', folders: ['config/crd/experimental'] },
];

const fileOf = (name) => join(BIN, `${name}-${PROGRAMS[name].version}`);

/** Where the program is; undefined: not built here yet. */
export const findProgram = (name) => (existsSync(fileOf(name)) ? fileOf(name) : undefined);

function go(args, options = {}) {
  const done = spawnSync('go', args, { encoding: 'utf8', timeout: INSTALL_TIMEOUT_MS, cwd: BIN, ...options });
  if (done.error?.code === 'ENOENT') throw new Error('Go is not here: install it (Helm is built with it)');
  return done;
}

/** Builds it where it is not here. @throws Error with one line that says why not */
export function ensureProgram(name) {
  const found = findProgram(name);
  if (found !== undefined) return found;
  const { path, version } = PROGRAMS[name];
  const folder = join(BIN, `${name}.build`);
  mkdirSync(folder, { recursive: true });
  console.error(`building ${name} ${version} with Go …`);
  const env = { ...process.env, GOBIN: folder, GOFLAGS: `${process.env.GOFLAGS ?? ''} -trimpath -ldflags=-s`.trim() };
  const { status, stderr } = go(['install', `${path}@${version}`], { env });
  if (status !== 0) throw new Error(`${name} ${version} cannot be built: ${stderr.trim().split('\n').at(-1)}`);
  renameSync(join(folder, name), fileOf(name));
  return fileOf(name);
}

/** The folders with the definitions of foreign kinds, fetched as Go modules. @throws Error with one line */
export function definitionFolders() {
  mkdirSync(BIN, { recursive: true });
  return DEFINITIONS.flatMap(({ module, folders }) => {
    const { status, stdout } = go(['mod', 'download', '-json', module]);
    const { Dir: at, Error: why } = JSON.parse(stdout || '{}');
    if (status !== 0) throw new Error(`${module} cannot be fetched: ${why}`);
    return folders.map((folder) => join(at, folder));
  });
}
