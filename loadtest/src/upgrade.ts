// npm run test:upgrade: a cluster of the last release becomes one of this code, process by process, while people talk.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { printRun } from './chaos/report.ts';
import type { Scenario } from './chaos/scenarios.ts';
import { runChaos } from './chaos.ts';
import { CACHE } from './own-world.ts';
import { ensureRelease, lastRelease } from './upgrade/release.ts';
import { UsageError } from './usage-error.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CODE_FILE = join(CACHE, 'releases', 'code');
const BEGIN_MS = 4_000;
const SEED = 1;

/** Resolves with the exit code: 0 when nothing was lost and nobody logged in anew. @throws UsageError, Error when it cannot be played */
export async function upgrade(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      from: { type: 'string', default: '' },
      clients: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '60' },
    },
  });
  const [clients, seconds] = [Number(values.clients), Number(values.seconds)];
  if (!(clients >= 2 && clients <= 2_000 && clients % 2 === 0))
    throw new UsageError('--clients is an even number from 2 to 2000');
  if (!(seconds >= 20 && seconds <= 3_600)) throw new UsageError('--seconds is a number from 20 to 3600');
  const tell = (line: string) => console.log(line);
  const before = ensureRelease(values.from || lastRelease(tell), tell);
  const use = (folder: string) => writeFileSync(CODE_FILE, `${folder}\n`);
  mkdirSync(join(CACHE, 'releases'), { recursive: true });
  use(before.folder);
  const scenario: Scenario = {
    name: 'upgrade',
    does: `${before.name} becomes this code: SIGTERM of every process, one after another`,
    promises: { mayRepeat: false, resumedMin: 1 },
    settings: { LOCAL_CODE_FILE: CODE_FILE },
    blows: () => [{ atMs: BEGIN_MS, kind: 'restart-all', begin: () => begin(use, before.name) }],
  };
  const results = await runChaos({ runs: [{ scenario, seed: SEED }], clients, seconds }, tell, printRun);
  return results.every(({ trouble }) => trouble.length === 0) ? 0 : 1;
}

function begin(use: (folder: string) => void, name: string): string {
  use(ROOT);
  return `from ${name} on to this code`;
}
