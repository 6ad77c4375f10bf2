import { processesWith, type ReadyProcess, type World } from '@starling/testkit';

/** Sends a signal to a process of a world, as its ready line names it. @throws Error when that has ended: its pid may be somebody else's now */
export function signalOwn(world: World, { id, pid }: ReadyProcess, signal: NodeJS.Signals): void {
  if (!processesWith('STARLING_DATA_DIR', world.ready.dataDir).includes(pid))
    throw new Error(`${id} (${pid}) has ended by itself`);
  process.kill(pid, signal);
}
