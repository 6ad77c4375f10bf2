// What the load generator prints about one server → the figures that are compared. Pure.
import type { XloadLine } from './xload.ts';

/** Medians of all repetitions. */
export interface PeerFigures {
  readonly name: string;
  readonly version: string;
  /** µs of CPU for each delivered presence, all processes together. */
  readonly presenceMaxUs: number;
  readonly presenceMaxPerSecond: number;
  readonly presencePacedUs: number;
  readonly presencePacedP50Ms: number;
  readonly presencePacedP99Ms: number;
  /** ms of CPU. */
  readonly loginMs: number;
  readonly loginsPerSecond: number;
  /** Part → µs a presence (at most; paced), ms a login. */
  readonly parts: Readonly<Record<string, readonly [maxUs: number, pacedUs: number, loginMs: number]>>;
  /** The most that other processes took of a core while something was measured. */
  readonly foreignCores: number;
  /** The most that the generator took of its core. */
  readonly generatorCores: number;
}

export interface PeerLines {
  readonly name: string;
  readonly version: string;
  readonly parts: readonly string[];
  readonly presence: readonly XloadLine[];
  readonly login: readonly XloadLine[];
}

const PER_DELIVERY = '_us_per_delivery';
const PER_LOGIN = '_cpu_ms_per_login';
const UTIL = '_util';

/** @throws Error when something was not measured */
export function figuresOf({ name, version, parts, presence, login }: PeerLines): PeerFigures {
  const measured = presence.filter((line) => `gen${PER_DELIVERY}` in line);
  const fast = measured.filter((line) => line.rateTarget === 'max');
  const paced = measured.filter((line) => line.rateTarget !== 'max');
  const total = (suffix: string) => (line: XloadLine) =>
    parts.reduce((sum, part) => sum + numberOf(line, part + suffix), 0);
  const all = [...measured, ...login];
  return {
    name,
    version,
    presenceMaxUs: median(fast, total(PER_DELIVERY)),
    presenceMaxPerSecond: median(fast, (line) => numberOf(line, 'rate')),
    presencePacedUs: median(paced, total(PER_DELIVERY)),
    presencePacedP50Ms: median(paced, (line) => numberOf(line, 'p50_ms')),
    presencePacedP99Ms: median(paced, (line) => numberOf(line, 'p99_ms')),
    loginMs: median(login, total(PER_LOGIN)),
    loginsPerSecond: median(login, (line) => numberOf(line, 'rate')),
    parts: Object.fromEntries(
      parts.map((part) => [
        part,
        [
          median(fast, (line) => numberOf(line, part + PER_DELIVERY)),
          median(paced, (line) => numberOf(line, part + PER_DELIVERY)),
          median(login, (line) => numberOf(line, part + PER_LOGIN)),
        ] as const,
      ]),
    ),
    foreignCores: Math.max(...all.map((line) => foreignOf(line, parts))),
    generatorCores: Math.max(...all.map((line) => numberOf(line, `gen${UTIL}`))),
  };
}

/** Of a core: all that the machine did, less what is known. */
const foreignOf = (line: XloadLine, parts: readonly string[]): number =>
  [...parts, 'gen'].reduce((rest, part) => rest - numberOf(line, part + UTIL), numberOf(line, `host${UTIL}`));

function numberOf(line: XloadLine, key: string): number {
  const value = line[key];
  if (typeof value !== 'number') throw new Error(`no ${key} in ${JSON.stringify(line)}`);
  return value;
}

/** @throws Error when there is none */
function median(lines: readonly XloadLine[], of: (line: XloadLine) => number): number {
  const values = lines.map(of).sort((a, b) => a - b);
  const value = values[Math.floor(values.length / 2)];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}
