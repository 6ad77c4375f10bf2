// Which results people are shown. Pure, but for reading them.
import { readdirSync } from 'node:fs';
import { RESULTS } from '../bench/results.ts';
import { PEERS_SUFFIX, type PeersResult, peersResult, type TsungMeasurement } from './result.ts';
import { isOurs, OURS, SERVER_NAMES, type ServerName } from './server.ts';
import { WORK_NAMES, type WorkName } from './works.ts';

/** More rounds, or others beside ours, say no more of a result than these. */
const ROUNDS_ENOUGH = 3;
const OTHERS_ENOUGH = 2;

export interface KeptResult {
  readonly file: string;
  readonly result: PeersResult;
}

/** A result, with the works that are shown of it. */
export interface Source extends KeptResult {
  readonly works: readonly WorkName[];
}

export interface Shown {
  /** What is shown, as if one run had found it: what is compared is of one work, and that is of one run. */
  readonly result: PeersResult;
  /** Where it comes from: never empty, that with the most works first. */
  readonly sources: readonly Source[];
  /** What the generator of others found last, and where. */
  readonly tsung: { readonly commit: string; readonly measured: readonly TsungMeasurement[] } | undefined;
}

/** Of the kept results; undefined when none has ours. */
export function shownResults(folder: URL = RESULTS): Shown | undefined {
  const files = readdirSync(folder).filter((name) => name.endsWith(PEERS_SUFFIX));
  return shownOf(files.map((file) => ({ file, result: peersResult(file, folder) })));
}

/** Each work from the newest of the results that have it in enough rounds beside enough others; undefined when none has ours. */
export function shownOf(kept: readonly KeptResult[]): Shown | undefined {
  const newest = kept.toSorted((a, b) => b.result.at.localeCompare(a.result.at));
  const worksOf = new Map<KeptResult, WorkName[]>();
  for (const work of WORK_NAMES) {
    const having = newest.filter(({ result }) => roundsOf(result, work, OURS) > 0);
    const [best] = having.toSorted((a, b) => weightOf(b.result, work) - weightOf(a.result, work));
    if (best !== undefined) worksOf.set(best, [...(worksOf.get(best) ?? []), work]);
  }
  const sources = [...worksOf]
    .map(([{ file, result }, works]) => ({ file, result, works }))
    .toSorted((a, b) => b.works.length - a.works.length);
  const [main] = sources;
  if (main === undefined) return undefined;
  const withTsung = newest.find(({ result }) => result.tsung.length > 0)?.result;
  const tsung = withTsung && { commit: withTsung.commit, measured: withTsung.tsung };
  return { result: together(main.result, sources), sources, tsung };
}

function together(main: PeersResult, sources: readonly Source[]): PeersResult {
  const results = sources.map(({ result }) => result);
  const servers = new Map(results.flatMap((result) => result.servers).map((server) => [server.name, server]));
  return {
    ...main,
    servers: SERVER_NAMES.flatMap((name) => servers.get(name) ?? []),
    missing: [...new Set(results.flatMap(({ missing }) => missing))],
    failures: results.flatMap(({ failures }) => failures),
    measurements: sources.flatMap(({ result, works }) =>
      result.measurements.filter(({ work }) => works.includes(work)),
    ),
  };
}

/** Rounds go before others: a figure of one round says little. */
function weightOf(result: PeersResult, work: WorkName): number {
  const rounds = Math.min(roundsOf(result, work, OURS), ROUNDS_ENOUGH);
  const others = SERVER_NAMES.filter((name) => !isOurs(name) && roundsOf(result, work, name) >= rounds);
  return rounds * (OTHERS_ENOUGH + 1) + Math.min(others.length, OTHERS_ENOUGH);
}

const roundsOf = ({ measurements }: PeersResult, work: WorkName, server: ServerName): number =>
  new Set(measurements.filter((one) => one.work === work && one.server === server).map(({ round }) => round)).size;
