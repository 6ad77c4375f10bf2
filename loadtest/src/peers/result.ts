import { readFileSync } from 'node:fs';
import { RESULTS } from '../bench/results.ts';
import type { GeneratorLine, Transport } from './generator/orders.ts';
import type { ServerName } from './server.ts';
import type { WorkName, WorkOptions } from './works.ts';

/** What one run of the generator has found of one server. */
export interface Measurement {
  readonly server: ServerName;
  readonly work: WorkName;
  readonly transport: Transport;
  /** From 0 on. */
  readonly round: number;
  readonly lines: readonly GeneratorLine[];
  /** Of archived messages only. */
  readonly archive?: {
    readonly rows: number;
    /** From the last delivery until the last row was there. */
    readonly lagSeconds: number;
  };
}

/** What tsung, a generator of others, has found: one message costs what a run with messages costs more than one without. */
export interface TsungMeasurement {
  readonly server: ServerName;
  readonly users: number;
  readonly messages: number;
  readonly cpuUs: number;
  readonly cpuUsWithout: number;
}

/** All that the report and the charts are made of. */
export interface PeersResult {
  readonly at: string;
  readonly commit: string;
  readonly machine: Readonly<Record<'cpu' | 'node' | 'kernel', string>> & { readonly cores: number };
  readonly rounds: number;
  readonly options: WorkOptions;
  /** In the order of the tables. */
  readonly servers: readonly { readonly name: ServerName; readonly version: string }[];
  /** Of what ours, and the archives of the others, stand on. */
  readonly versions: Readonly<Record<string, string>>;
  /** What could not be measured because it is not installed. */
  readonly missing: readonly string[];
  /** Measurements that have no figures, and why. */
  readonly failures: readonly string[];
  /** µs of CPU of the piece of work of calibrate(), before and after. */
  readonly calibrationUs: readonly [before: number, after: number];
  readonly measurements: readonly Measurement[];
  readonly tsung: readonly TsungMeasurement[];
}

export const PEERS_SUFFIX = '-peers.json';

/** A kept result by the name of its file. @throws Error when there is none */
export const peersResult = (file: string, folder: URL = RESULTS): PeersResult =>
  JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as PeersResult;
