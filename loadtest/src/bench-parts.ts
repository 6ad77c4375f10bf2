// npm run bench:parts: CPU and allocations of the parts of a message's way and of a login, each alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MEASURE_DEFAULTS, type MeasureOptions, type PartLine, parsePartLine } from '@starling/testkit/parts';
import { calibrate } from './bench/calibrate.ts';
import { OthersShare, othersDoubt } from './bench/others-share.ts';
import { currentCommit, keepFile, resultName } from './bench/results.ts';
import { lastPartsResult, PARTS_SUFFIX, type PartsResult, partRows } from './parts/parts-result.ts';
import { numberText } from './peers/report.ts';
import { UsageError } from './usage-error.ts';

/** Services are imported by nobody: theirs are measured by a process of their own. */
const PROGRAMS = ['./parts/main.js', '../../services/edge/dist/parts.bench.js'] as const;
/** Collections can be asked for; else V8 is set as for a service. */
const V8_FLAGS = ['--expose-gc', '--max-semi-space-size=32'];
const TIMEOUT_MS = 300_000;

/** Resolves with the exit code. @throws UsageError, Error when a part cannot be measured */
export async function benchParts(args: readonly string[]): Promise<number> {
  const { options, isKept } = optionsOf(args);
  const at = new Date().toISOString();
  const before = calibrate();
  const others = new OthersShare();
  const parts: PartLine[] = [];
  for (const program of PROGRAMS) parts.push(...(await measureBy(program, options)));
  const othersShare = others.read();
  const [{ model: cpu = '' } = {}] = cpus();
  const result: PartsResult = {
    at,
    commit: currentCommit(),
    machine: { cpu, cores: cpus().length, node: process.version },
    options,
    calibrationUs: (before + calibrate()) / 2,
    othersShare,
    parts,
  };
  print(result, lastPartsResult(undefined, result.machine)?.result);
  if (isKept)
    console.log(
      `kept in ${keepFile(`${resultName(result)}${PARTS_SUFFIX}`, `${JSON.stringify(rounded(result), null, 2)}\n`)}`,
    );
  return 0;
}

function optionsOf(args: readonly string[]): { options: MeasureOptions; isKept: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: `${MEASURE_DEFAULTS.rounds}` },
      ms: { type: 'string', default: `${MEASURE_DEFAULTS.roundMs}` },
      'no-keep': { type: 'boolean', default: false },
    },
  });
  const options = { rounds: Number(values.rounds), roundMs: Number(values.ms) };
  if (!(options.rounds >= 1 && options.roundMs > 0)) throw new UsageError('--rounds and --ms are numbers above 0');
  return { options, isKept: !values['no-keep'] };
}

async function measureBy(program: string, options: MeasureOptions): Promise<readonly PartLine[]> {
  const main = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [...V8_FLAGS, main, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: TIMEOUT_MS,
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ended with ${signal ?? code}`);
  return lines.map(parsePartLine);
}

const PLACES = 3;

/** More digits than that say nothing. */
function rounded(result: PartsResult): PartsResult {
  const digits = (values: readonly number[]) => values.map((value) => Number(value.toPrecision(PLACES)));
  return {
    ...result,
    parts: result.parts.map(({ roundsUs, beside, ...part }) => ({
      ...part,
      roundsUs: digits(roundsUs),
      ...(beside === undefined ? {} : { beside: { ...beside, roundsUs: digits(beside.roundsUs) } }),
    })),
  };
}

function print(result: PartsResult, last: PartsResult | undefined): void {
  console.log(`µs of CPU for one: median and spread of ${result.options.rounds} rounds`);
  const rows = partRows(result, last).map(({ part, us, allocatedBytes, ratio }) => [
    part,
    {
      µs: numberText(us.median),
      least: numberText(us.min),
      most: numberText(us.max),
      ...(allocatedBytes === undefined ? {} : { 'bytes allocated': allocatedBytes }),
      ...(ratio === undefined ? {} : { 'ratio to the last': Number(ratio.toFixed(2)) }),
    },
  ]);
  console.table(Object.fromEntries(rows));
  const doubt = othersDoubt(result.othersShare);
  if (doubt !== '') console.log(`doubtful: ${doubt}`);
  if (last !== undefined)
    console.log(`the last: ${resultName(last)}; the ratio is in units of the calibration loop, then and now`);
}
