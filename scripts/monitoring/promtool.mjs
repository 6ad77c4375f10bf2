// Prometheus's own checks.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../testing/debian.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Everything that promtool says, and whether it agrees. @throws Error when there is no promtool */
export function promtool(args, input = '') {
  const program = findProgram('promtool');
  if (program === undefined) throw new Error('please install: prometheus (the name of Debian’s package)');
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, input, encoding: 'utf8' });
  return { agrees: status === 0, said: `${stdout}${stderr}` };
}
