// `npm run test:helm`: the chart as Helm 4 renders it for each values file of helm/starling/ci, validated against Kubernetes's own schemas
// and those of the kinds of others, by policies, and by what it must refuse. Builds Helm and kubectl-validate with Go where they are not. Option:
//   --keep   writes the renders to helm/starling/ci/rendered, which `npm test` judges without Helm
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepare } from './install.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The newest that kubectl-validate has within itself. */
const SCHEMAS = '1.30';
/** Kinds whose definitions no Go module brings here. */
const UNCHECKED = new Set(['postgresql.cnpg.io/v1']);

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });

let passed = 0;
const failures = [];

function tell(name, problem, startedMs) {
  if (problem === undefined) passed++;
  else failures.push(name);
  console.log(
    `${problem === undefined ? '✔' : '✖'} ${name} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`,
  );
  if (problem !== undefined) console.log(problem.replace(/^/gm, '    '));
}

function run(name, program, args, isGood = ({ status }) => status === 0) {
  const startedMs = performance.now();
  const done = spawnSync(program, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  tell(name, isGood(done) ? undefined : `${done.stdout}${done.stderr}`.trim(), startedMs);
  return done;
}

/** kubectl-validate wants the definitions alone in a folder. */
function copyDefinitions(folders, to) {
  mkdirSync(to);
  for (const folder of folders)
    for (const file of readdirSync(folder)) {
      const isDefinition =
        file.endsWith('.yaml') && /^kind: CustomResourceDefinition$/m.test(readFileSync(join(folder, file), 'utf8'));
      if (isDefinition) cpSync(join(folder, file), join(to, `${basename(join(folder, '..'))}-${file}`));
    }
}

async function main(folder) {
  await prepare();
  const { definitionFolders, ensureProgram } = await import('./helm/programs.mjs');
  const { CHART, cases, keptFileOf, keptTextOf, valuesFileOf } = await import('./helm/kept.mjs');
  const { render } = await import('./helm/render.mjs');
  const helm = ensureProgram('helm');
  const validate = ensureProgram('kubectl-validate');
  const definitions = join(folder, 'definitions');
  copyDefinitions(definitionFolders(), definitions);

  const unchecked = new Set();
  for (const name of cases()) {
    run(`helm lint --strict, ${name}`, helm, ['lint', '--strict', CHART, '--values', valuesFileOf(name)]);
    const rendered = join(folder, name);
    mkdirSync(rendered);
    const { text, objects } = render({ name });
    if (values.keep) writeFileSync(keptFileOf(name), keptTextOf(name, text));
    for (const [index, object] of objects.entries()) {
      if (UNCHECKED.has(object.apiVersion)) unchecked.add(`${object.kind} of ${object.apiVersion}`);
      else
        writeFileSync(join(rendered, `${index}-${object.kind}-${object.metadata.name}.json`), JSON.stringify(object));
    }
    const args = [rendered, '--version', SCHEMAS, '--local-crds', definitions];
    run(`kubectl-validate, ${name}: ${objects.length} objects`, validate, args);
  }
  // A validator that lets everything through would be no validator.
  const wrong = join(folder, 'wrong');
  mkdirSync(wrong);
  const [first] = render({ name: 'minimal' }).objects.filter(({ kind }) => kind === 'Deployment');
  first.spec.template.spec.containers[0].port = [];
  writeFileSync(join(wrong, 'deployment.json'), JSON.stringify(first));
  run(
    'kubectl-validate refuses an unknown field',
    validate,
    [wrong, '--version', SCHEMAS],
    ({ status }) => status !== 0,
  );

  run('helm package', helm, ['package', CHART, '--destination', folder]);
  for (const file of ['scripts/helm/helm.mjs', 'scripts/helm/chart.test.mjs'])
    run(file, process.execPath, ['--test', '--test-reporter=spec', file]);
  for (const kind of unchecked) console.log(`not validated: ${kind}`);
}

const folder = mkdtempSync(join(tmpdir(), 'starling-test-helm-'));
try {
  await main(folder);
} catch (error) {
  // Policy: a run that cannot be done is a failed one, and says why in one line.
  failures.push(error.message);
  console.log(`test:helm: ${error.message}`);
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = Number(failures.length > 0);
