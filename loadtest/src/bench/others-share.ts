import { cpus } from 'node:os';
import { cpuOfMachine, cpuOfTree } from './process-cpu.ts';

/** More of the machine, and the figures of a run are doubtful: caches and turbo are shared even where cores are not. */
export const OTHERS_SHARE_DOUBTFUL = 0.1;

/** What processes that are no part of a run take of the machine meanwhile. */
export class OthersShare {
  readonly #startedMs = performance.now();
  readonly #machineUs = cpuOfMachine();
  readonly #ownUs = cpuOfTree(process.pid);

  /** From the beginning until now, 1 being the whole machine. What this process has started, and has ended since, is its own. */
  read(): number {
    const tookUs = (performance.now() - this.#startedMs) * 1_000 * cpus().length;
    const othersUs = cpuOfMachine() - this.#machineUs - (cpuOfTree(process.pid) - this.#ownUs);
    return Number((Math.max(0, othersUs) / tookUs).toFixed(2));
  }
}

/** For people; empty when the machine was quiet. */
export const othersDoubt = (share: number): string =>
  share > OTHERS_SHARE_DOUBTFUL ? `other processes took ${Math.round(share * 100)} % of the machine` : '';
