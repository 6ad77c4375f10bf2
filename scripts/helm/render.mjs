// What Helm makes of the chart and values.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHART, parseObjects, valuesFileOf } from './kept.mjs';
import { ensureProgram } from './programs.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** As `helm template` needs one where no cluster is. */
const KUBERNETES = '1.34.0';
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Runs `helm template`: { code, text, error }. */
export function template({ name, release = 'starling', namespace = 'chat', sets = [] }) {
  const args = ['template', release, CHART, '--namespace', namespace, '--kube-version', KUBERNETES];
  if (name !== undefined) args.push('--values', valuesFileOf(name));
  for (const set of sets) args.push('--set', set);
  const { status, stdout, stderr } = spawnSync(ensureProgram('helm'), args, {
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
    // Nothing of the user's reaches into it.
    env: { PATH: process.env.PATH, HOME: join(root, '.cache/helm') },
  });
  return { code: status, text: stdout, error: stderr };
}

/** @throws Error with what Helm says */
export function render(options) {
  const { code, text, error } = template(options);
  if (code !== 0) throw new Error(`helm template ${options.name}: ${error}`);
  return { text, objects: parseObjects(text) };
}
