// `npm test`: everything that can be tested on this machine, from a fresh clone. Options:
//   npm test -- <pattern>…        only checks and files whose name contains one of the patterns
//   npm test -- --node 22         under another Node: a path, a version that npm fetches, or `current`; may be repeated
//   npm test -- --every-world     scenarios also on a cluster of one edge where they run embedded and on three
//   npm test -- --bench           tells at the end what a message costs beside the last kept result; never a failure
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepare } from './install.mjs';

/** Files that run at the same time: they wait for servers, clients and clocks so much that two of them keep two cores half busy. */
const CONCURRENCY = 3;
/** A file that takes longer hangs. */
const FILE_TIMEOUT_MS = 180_000;
const BENCH_TIMEOUT_MS = 60_000;
const INTERRUPTED = 130;
const CHECK_OUTPUT_CHARS_MAX = 20_000;
/**
 * Files that may fail beside others and are run once more, alone, at the end: a machine that stood still for a second fails a test that waits
 * for an answer. What passes then is told as unsteady, with its failure: it wants to be mended. More than these are no accident.
 */
const UNSTEADY_MAX = 2;
/** Of each failure that is told again at the end. */
const REPEATED_CHARS_MAX = 4_000;

const root = fileURLToPath(new URL('..', import.meta.url));

/** Each counts as one test. */
const CHECKS = [
  { name: 'lint', command: ['node_modules/.bin/biome', 'ci', '--colors=off', '.'] },
  { name: 'types', command: ['node_modules/.bin/tsc', '--noEmit'] },
  { name: 'types of loadtest/k6', command: ['node_modules/.bin/tsc', '--noEmit', '-p', 'loadtest/k6'] },
  { name: 'tidy', command: [process.execPath, 'scripts/tidy.mjs'] },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string', multiple: true, default: ['current'] },
    bench: { type: 'boolean', default: false },
    'every-world': { type: 'boolean', default: false },
  },
});
if (values['every-world']) process.env.EVERY_WORLD = '1';
const isWanted = (name) => positionals.length === 0 || positionals.some((pattern) => name.includes(pattern));

const total = { passed: 0, skipped: 0, failed: 0 };
const failed = [];
const unsteady = [];
const stops = [];
const interruption = new AbortController();

function tell(result, name, details) {
  const failures = result.failures.map(({ name: test, text }) => `    ✖ ${test}\n${text.replace(/^/gm, '        ')}`);
  total.passed += result.passed;
  total.skipped += result.skipped.length;
  total.failed += failures.length;
  const counts = [
    `${result.passed} passed`,
    failures.length > 0 && `${failures.length} FAILED`,
    result.skipped.length > 0 && `${result.skipped.length} skipped`,
  ];
  console.log(
    `${failures.length > 0 ? '✖' : '✔'} ${name}: ${counts.filter(Boolean).join(', ')} (${(result.durationMs / 1000).toFixed(1)} s)${details}`,
  );
  for (const test of result.skipped) console.log(`    skipped: ${test}`);
  for (const failure of failures) console.log(failure);
  failed.push(...failures.map((failure) => `${name}${details}\n${failure}`));
}

/** The end of all that a program writes, and its exit code; -1 when it cannot be started, null when it was killed. */
async function outputOf(program, args, options = {}) {
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-CHECK_OUTPUT_CHARS_MAX);
    });
  }
  const code = await new Promise((resolve) => {
    child.once('error', () => resolve(-1));
    child.once('close', resolve);
  });
  return { code, output };
}

/** What a message costs now: for people to read, in half a minute. */
async function printBench() {
  const args = ['scripts/loadtest.mjs', 'bench', '--short', '--no-keep'];
  const { code, output } = await outputOf(process.execPath, args, {
    env: withoutSettings(),
    timeout: BENCH_TIMEOUT_MS,
  });
  // Policy: times depend on the machine, and a machine without the servers has none: neither fails a test run.
  const why = output.split('\n').find((line) => /error|loadtest:/i.test(line)) ?? `ended with ${code}`;
  console.log(code === 0 ? output : `bench: no figures (${why})`);
}

async function runCheck({ name, command: [program, ...args] }) {
  const started = performance.now();
  const { code, output } = await outputOf(program, args);
  const failures = code === 0 ? [] : [{ name, text: output }];
  tell({ passed: 1 - failures.length, skipped: [], failures, durationMs: performance.now() - started }, name, '');
}

async function testFiles() {
  const { filesBelow, workspaces } = await import('./build.mjs');
  const files = [...workspaces().map((workspace) => `${workspace}/dist`), 'scripts'].flatMap(filesBelow);
  // Scenarios and conformance suites take longest: they start first, so that no long one runs alone at the end.
  const isLong = (file) => /\.(scenario|conformance)/.test(file);
  return files
    .filter((file) => /\.(test|scenario)\.m?js$/.test(file) && isWanted(sourceOf(file)))
    .sort((a, b) => Number(isLong(b)) - Number(isLong(a)) || a.localeCompare(b));
}

const sourceOf = (file) => file.replace('/dist/', '/src/').replace(/\.js$/, '.ts');

/** Runs all jobs, a few at a time. */
async function runAll(jobs) {
  const queue = [...jobs];
  const worker = async () => {
    for (let job = queue.shift(); job && !interruption.signal.aborted; job = queue.shift()) await job();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

/** Starts the database and the message server that the files share, runs `work` with the variables that tell of them, stops. */
async function withServers(work) {
  const { ensurePrograms, startServers } = await import('./testing/servers.mjs');
  const machine = await import('../packages/local-servers/dist/index.js');
  await ensurePrograms(machine);
  const servers = await startServers(machine);
  stops.push(() => servers.stop());
  await work(servers);
}

/** The same for the running Starlings that scenarios share, by this Node. */
async function withWorlds(files, node, guard, work) {
  const scenarios = files.filter((file) => file.endsWith('.scenario.js'));
  if (scenarios.length === 0) return work(files, {});
  const { WORLDS_VARIABLE, startWorlds } = await import('../packages/testkit/dist/index.js');
  const started = performance.now();
  const mark = stops.length;
  let variables;
  try {
    const worlds = await startWorlds({ node, guard });
    stops.push(() => worlds.stop());
    variables = { [WORLDS_VARIABLE]: JSON.stringify(worlds.ready) };
    console.log(
      `embedded, one edge and three edges are ready (${((performance.now() - started) / 1000).toFixed(1)} s)`,
    );
  } catch (error) {
    // Policy: one failure for all scenarios, and the other files run.
    const failures = [{ name: 'the system does not start', text: describe(error) }];
    tell(
      { passed: 0, skipped: [], failures, durationMs: performance.now() - started },
      `${scenarios.length} scenario files`,
      '',
    );
  }
  await work(variables ? files : files.filter((file) => !scenarios.includes(file)), variables ?? {});
  await stopAll(mark);
}

/** An error with its causes. */
function describe(error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return error?.cause ? `${text}\ncaused by: ${describe(error.cause)}` : text;
}

/** Stops what was started last, down to the first `keep`. */
async function stopAll(keep = 0) {
  while (stops.length > keep) {
    try {
      await stops.pop()();
    } catch (error) {
      // Policy: what does not stop cleanly is a failure of its own, and the next one is stopped all the same.
      tell(
        { passed: 0, skipped: [], failures: [{ name: 'stop', text: describe(error) }], durationMs: 0 },
        'servers',
        '',
      );
    }
  }
}

// A setting of whoever runs the tests must not reach into them; where a program is, must.
function withoutSettings() {
  const kept = ['STARLING_NATS_SERVER', 'STARLING_POSTGRES_BIN'];
  return Object.fromEntries(
    Object.entries(process.env).filter(([k]) => kept.includes(k) || !k.startsWith('STARLING_')),
  );
}

async function runFiles(files, node, label, serverEnv, run) {
  const { runFile } = await import('./testing/run-file.mjs');
  const { MARK_VARIABLE, killLeftBehind } = await import('./testing/left-behind.mjs');
  const folder = mkdtempSync(join(tmpdir(), 'starling-test-'));
  const again = [];
  const play = async (file, index) => {
    const mark = `${run}:${label}:${index}`;
    const env = { ...withoutSettings(), ...serverEnv, [MARK_VARIABLE]: mark };
    const { signal } = interruption;
    const result = await runFile({
      file: join(root, file),
      node,
      env,
      folder,
      timeoutMs: FILE_TIMEOUT_MS,
      index,
      signal,
    });
    const left = await killLeftBehind(mark);
    if (left.length > 0) {
      result.failures.push({
        name: 'left processes behind',
        text: left.map((p) => `${p.pid} ${p.command}`).join('\n'),
      });
    }
    return result;
  };
  const jobs = files.map((file, index) => async () => {
    const result = await play(file, index);
    if (interruption.signal.aborted) return;
    if (result.failures.length > 0 && again.length < UNSTEADY_MAX) again.push({ file, index, first: result });
    else tell(result, sourceOf(file), label);
  });
  await runAll(jobs);
  for (const { file, index, first } of again) {
    const result = await play(file, index);
    if (interruption.signal.aborted) break;
    tell(result, sourceOf(file), label);
    if (result.failures.length > 0) continue;
    for (const { name, text } of first.failures)
      unsteady.push(
        `${sourceOf(file)}${label}: failed beside others, passed alone\n    ${name}\n${text.replace(/^/gm, '        ')}`,
      );
  }
  rmSync(folder, { recursive: true, force: true });
}

async function main() {
  const { MARK_VARIABLE, killLeftBehind } = await import('./testing/left-behind.mjs');
  const { nodeBinary } = await import('./testing/nodes.mjs');
  const started = performance.now();
  const run = randomUUID();
  await prepare();
  await runAll(CHECKS.filter(({ name }) => isWanted(name)).map((check) => () => runCheck(check)));
  const files = await testFiles();
  process.env[MARK_VARIABLE] = run;
  if (files.length > 0) {
    await withServers(async ({ env: servers, guard }) => {
      for (const wanted of values.node) {
        const node = nodeBinary(wanted);
        const label = wanted === 'current' ? '' : ` node ${wanted}`;
        await withWorlds(files, node, guard, (runnable, worlds) =>
          runFiles(runnable, node, label, { ...servers, ...worlds }, run),
        );
      }
    });
  }
  if (values.bench && !interruption.signal.aborted) await printBench();
  await stopAll();
  const left = await killLeftBehind(run);
  if (left.length > 0) {
    const text = left.map((p) => `${p.pid} ${p.command}`).join('\n');
    tell({ passed: 0, skipped: [], failures: [{ name: 'left processes behind', text }], durationMs: 0 }, 'servers', '');
  }
  if (interruption.signal.aborted) throw new Error('interrupted');
  if (total.passed + total.failed + total.skipped === 0) throw new Error(`nothing matches ${positionals.join(', ')}`);
  console.log(`in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

// The first signal ends what runs and stops what was started, a second one does not wait for that.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(INTERRUPTED);
    interruption.abort();
  });
}

// The last line is written whatever happens, also when something that is waited for can no longer come.
process.once('exit', (code) => {
  if (code !== 0 && total.failed === 0) total.failed++;
  // Whoever is shown the end of a long output sees why.
  for (const one of unsteady) console.log(`unsteady: ${one.slice(0, REPEATED_CHARS_MAX)}`);
  for (const failure of failed) console.log(`✖ ${failure.slice(0, REPEATED_CHARS_MAX)}`);
  console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
});

try {
  await main();
} catch (error) {
  // Policy: a run that cannot be done is a failed one, and says why in one line.
  console.log(`test: ${error.message}`);
  total.failed++;
  await stopAll();
}
process.exitCode = interruption.signal.aborted ? INTERRUPTED : Number(total.failed > 0);
