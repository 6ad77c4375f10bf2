import { readFileSync } from 'node:fs';

/** Proportional set size in KiB (proc(5), smaps_rollup): pages that several processes share are divided among them. 0 when it has ended. */
export function pssOf(pid: number): number {
  try {
    const [, kib = '0'] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')) ?? [];
    return Number(kib);
  } catch {
    // Policy: it has ended meanwhile, and has nothing any more.
    return 0;
  }
}
