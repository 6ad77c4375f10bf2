// Who may import what.
import { dirname, join } from 'node:path';
import { packageOf } from './repository.mjs';

/** From the bottom up: a package imports only what stands before it. */
const ORDER = [
  ...['jid', 'xml', 'stanza', 'sm-queue'], // tier 0: pure
  ...['contracts', 'runtime', 'bus', 'owners', 'db', 'trace'], // tier 1: what processes share
  'feature-api', // tier 2: how behaviour plugs in
  'features', // tier 3: what we speak
  ...['local-servers', 'testkit'], // tier 4: processes on this machine, tests
];
/** Starts processes: only `starling` and tests do. */
const MACHINE = 'local-servers';
/** The command wires the embedded mode: the one place where services meet. */
const COMMAND = 'services/starling';
const LOADTEST = 'loadtest';

/** Package → the only place that imports it. */
const OWNERS = {
  protobufjs: 'packages/contracts/',
  'prom-client': 'packages/runtime/',
  pino: 'packages/runtime/',
  pg: 'packages/db/',
  '@electric-sql/pglite': 'packages/db/',
  nats: 'packages/bus/',
  '@nats-io/jetstream': 'packages/bus/',
  '@nats-io/nats-core': 'packages/bus/',
  '@nats-io/transport-node': 'packages/bus/',
  'uWebSockets.js': 'services/edge/src/listen/',
  '@opentelemetry/api': 'packages/trace/',
  '@opentelemetry/sdk-trace': 'packages/trace/',
  '@opentelemetry/resources': 'packages/trace/',
  '@opentelemetry/exporter-trace-otlp-http': 'packages/trace/',
};

const at = (source, line, message) => `${source.path}:${line}: ${message}`;

/** 'packages/bus' for @starling/bus. */
function workspacesByName(repository) {
  return new Map([...repository.manifests].filter(([folder]) => folder !== '').map(([folder, m]) => [m.name, folder]));
}

export function checkTiers(repository) {
  const byName = workspacesByName(repository);
  const problems = [];
  for (const source of repository.sources) {
    for (const { specifier, line } of source.imports) {
      const target = byName.get(packageOf(specifier));
      const why = target && target !== source.workspace ? whyNot(source, target, specifier) : undefined;
      if (why) problems.push(at(source, line, `imports ${specifier}: ${why}`));
    }
  }
  for (const folder of byName.values()) {
    const name = folder.replace('packages/', '');
    if (folder.startsWith('packages/') && !ORDER.includes(name)) {
      problems.push(`${folder}: no place in the order of packages (scripts/tidy/rules-imports.mjs)`);
    }
  }
  return problems;
}

function whyNot(source, target, specifier) {
  const [group, name] = target.split('/');
  // What a service has for tests is there for those of the load tests that run parts of it.
  const isForTests = source.isTest && source.workspace === LOADTEST && specifier.includes('/testing/');
  if (group === 'services')
    return source.workspace === COMMAND || isForTests
      ? undefined
      : 'a service is imported by nobody but services/starling';
  if (name === 'testkit') return source.isTest ? undefined : 'only tests import the testkit';
  if (name === MACHINE)
    return source.isTest || source.workspace === COMMAND
      ? undefined
      : 'only tests and services/starling start processes';
  if (!source.workspace.startsWith('packages/')) return undefined;
  const isBelow = ORDER.indexOf(name) < ORDER.indexOf(source.workspace.replace('packages/', ''));
  return isBelow ? undefined : `${name} is not below ${source.workspace}`;
}

/** A relative path stays in its workspace, and among features in its folder. */
export function checkBorders(repository) {
  const problems = [];
  for (const source of repository.sources) {
    for (const { specifier, line } of source.imports) {
      if (!specifier.startsWith('.')) continue;
      const target = join(dirname(source.path), specifier);
      if (!target.startsWith(`${source.workspace}/`))
        problems.push(at(source, line, `imports ${specifier}: import other workspaces by name`));
      const [own, other] = [featureOf(source.path), featureOf(target)];
      if (own && other && own !== other)
        problems.push(at(source, line, `imports ${specifier}: features never import features`));
    }
  }
  return problems;
}

const featureOf = (path) => /^packages\/features\/src\/([^/]+)\//.exec(path)?.[1];

export function checkOwners(repository) {
  return repository.sources.flatMap((source) =>
    source.imports
      .filter(({ specifier }) => {
        const owner = OWNERS[packageOf(specifier)];
        return owner !== undefined && !source.path.startsWith(owner);
      })
      .map(({ specifier, line }) =>
        at(source, line, `imports ${specifier}: only ${OWNERS[packageOf(specifier)]} does`),
      ),
  );
}

/** Every import has its dependency in package.json, and every dependency an import. */
export function checkDependencies(repository) {
  const problems = [];
  // What any test may use without saying so again.
  const shared = new Set([
    '@starling/testkit',
    `@starling/${MACHINE}`,
    ...Object.keys(repository.manifests.get('')?.devDependencies ?? {}),
  ]);
  for (const [folder, manifest] of repository.manifests) {
    if (folder === '') continue;
    const sources = repository.sources.filter((s) => s.workspace === folder);
    const runtime = new Set(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }));
    const all = new Set([...runtime, ...Object.keys(manifest.devDependencies ?? {})]);
    for (const source of sources) {
      for (const { specifier, line } of source.imports) {
        const name = packageOf(specifier);
        if (!name || name === manifest.name) continue;
        const declared = source.isTest ? all.has(name) || shared.has(name) : runtime.has(name);
        if (!declared)
          problems.push(
            at(
              source,
              line,
              `imports ${name}: not in the ${source.isTest ? '' : 'run-time '}dependencies of ${folder}`,
            ),
          );
      }
    }
    // Any string counts: a package can also be used by the path of a file in it.
    const strings = sources.flatMap((s) => s.tokens.filter((t) => t.kind === 'string').map((t) => packageOf(t.text)));
    const scripts = [...repository.files]
      .filter(([path]) => path.startsWith(`${folder}/`) && /\.(mjs|js)$/.test(path))
      .map(([, text]) => text);
    for (const name of all) {
      const isUsed =
        strings.includes(name) || scripts.some((text) => text.includes(name)) || name.startsWith('@types/');
      if (!isUsed) problems.push(`${folder}/package.json: ${name} is not used`);
    }
  }
  return problems;
}

export function checkPins(repository) {
  const problems = [];
  for (const [folder, manifest] of repository.manifests) {
    const sections = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'];
    for (const [name, version] of sections.flatMap((s) => Object.entries(manifest[s] ?? {}))) {
      const isExact = /^(npm:.+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version);
      if (!isExact) problems.push(`${join(folder, 'package.json')}: ${name} ${version} is not an exact version`);
    }
  }
  return problems;
}

/** No file reaches itself by its imports. Types do not count: two classes that work together may know each other's. */
export function checkCycles(repository) {
  const graph = new Map(
    repository.sources.map((s) => [
      s.path,
      s.imports
        .filter((i) => !i.isType && i.specifier.startsWith('.'))
        .map((i) => join(dirname(s.path), i.specifier.replace(/\.js$/, '.ts'))),
    ]),
  );
  const problems = [];
  const done = new Set();
  const visit = (path, trail) => {
    const from = trail.indexOf(path);
    if (from >= 0) problems.push(`cyclic imports: ${[...trail.slice(from), path].join(' → ')}`);
    if (from >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return problems;
}
