import { readdirSync, readFileSync } from 'node:fs';
import { RESULTS } from '../bench/results.ts';
import type { Tally, TrafficKind } from './traffic.ts';
import type { Role } from './virtual-time.ts';

export const SCENARIOS = ['changes', 'messages', 'edge-death', 'owner-death'] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface SimulateOptions {
  /** Of the whole cluster; each of another user. */
  readonly sessions: number;
  readonly contacts: number;
  readonly edges: number;
  /** Of the edges: the others keep no views. */
  readonly wholeEdges: number;
  readonly owners: number;
  /** Of the partitions that are simulated: the sessions of the others are sources of presence and messages. */
  readonly share: number;
  /** Logins, changes of presence and messages a second in the whole cluster. */
  readonly rate: number;
  /** Times the pace at which most log in before the storm that is measured. */
  readonly fill: number;
  /** For which changes and messages go on. */
  readonly seconds: number;
  readonly scenarios: readonly Scenario[];
  readonly seed: number;
  /** Bounds of the run: CPU, and what its heap may take. */
  readonly minutesMax: number;
  readonly heapGigabytes: number;
}

/** What something has cost; of what only whole edges do, it is reckoned for all. */
export interface Phase {
  readonly name: string;
  /** What was done so often. */
  readonly unit: string;
  readonly count: number;
  /** In virtual time, from the first to the last. */
  readonly seconds: number;
  /** From the first until the last client was told of one. */
  readonly toldAfterSeconds: number;
  readonly traffic: Readonly<Partial<Record<TrafficKind, Tally>>>;
  /** µs of CPU of all processes of the role. */
  readonly cpuUs: Readonly<Partial<Record<Role, number>>>;
  /** The same of the one that had most to do. */
  readonly busiestUs: Readonly<Partial<Record<Role, number>>>;
  /** What clients were sent. */
  readonly written: { readonly stanzas: number; readonly bytes: number };
}

export interface Memory {
  /** Bytes of heap and buffers: what a session takes in the edges, and in the owners. */
  readonly edgeBytesASession: number;
  readonly ownerBytesASession: number;
  /** Of the whole process, when all were there. */
  readonly heapBytes: number;
  readonly rssBytes: number;
}

export interface SimulateResult {
  readonly at: string;
  readonly commit: string;
  readonly machine: Readonly<Record<'cpu' | 'node', string>> & { readonly cores: number };
  readonly options: SimulateOptions;
  /** Sessions that are simulated, and the owners of their partitions. */
  readonly simulated: {
    readonly sessions: number;
    readonly owners: number;
    readonly subjects: number;
    /** Of all owners, simulated or not: what the one with the fewest has, and the one with the most. */
    readonly partitions: { readonly least: number; readonly most: number };
  };
  readonly phases: readonly Phase[];
  /** Which bound ended the run early; '' when none did. */
  readonly stopped: string;
  readonly memory: Memory;
  /** Views of sessions that were compared with the truth, and what was wrong with the first of those that were wrong. */
  readonly views: { readonly compared: number; readonly wrong: number; readonly first: string };
  readonly failures: readonly string[];
  /** Real time, and CPU of all threads. */
  readonly took: { readonly seconds: number; readonly cpuSeconds: number; readonly steps: number };
}

export const SIMULATE_SUFFIX = '-simulate.json';

/** The kept results, the largest cluster last; of one size the newest. */
export function lastSimulations(
  folder: URL = RESULTS,
): readonly { readonly file: string; readonly result: SimulateResult }[] {
  const all = readdirSync(folder)
    .filter((name) => name.endsWith(SIMULATE_SUFFIX))
    .map((file) => ({ file, result: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as SimulateResult }))
    .sort((a, b) => a.result.at.localeCompare(b.result.at));
  const bySize = new Map(all.map((one) => [one.result.options.sessions, one]));
  return [...bySize.values()].sort((a, b) => a.result.options.sessions - b.result.options.sessions);
}
