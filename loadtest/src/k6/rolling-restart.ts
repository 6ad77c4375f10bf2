import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { World } from '@starling/testkit';

const COMMAND = fileURLToPath(new URL('../../../scripts/starling.mjs', import.meta.url));

/** As an operator does it: `starling drain --all`, each edge when the one before it is back. Resolves with what went wrong; '' = nothing. */
export async function rollingRestart(world: World, afterMs: number): Promise<string> {
  await pause(afterMs);
  const child = spawn(process.execPath, [COMMAND, 'drain', '--all', '--data-dir', world.ready.dataDir], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return code === 0 ? '' : `starling drain --all ended with ${code}: ${said.trim()}`;
}
