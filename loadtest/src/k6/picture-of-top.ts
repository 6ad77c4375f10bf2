import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { World } from '@starling/testkit';

const COMMAND = fileURLToPath(new URL('../../../scripts/starling.mjs', import.meta.url));
const INTERVAL = '10s';

/** Keeps what `starling top` shows of the cluster, under way, as a picture. @throws Error when it does not run */
export async function pictureOfTop(world: World, file: string, afterMs: number): Promise<void> {
  await pause(afterMs);
  const args = ['top', '--once', '--interval', INTERVAL, '--svg', file, '--data-dir', world.ready.dataDir];
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`starling top ended with ${code}`);
}
