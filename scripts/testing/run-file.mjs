// Runs one test file in a process of its own and tells what came of it.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPORTER = fileURLToPath(new URL('./reporter.mjs', import.meta.url));
const OUTPUT_CHARS_MAX = 20_000;

/** @typedef {{ name: string, text: string }} Failure */
/** @typedef {{ passed: number, skipped: string[], failures: Failure[], durationMs: number }} Result */

function readEvents(path) {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  } catch {
    // Policy: a file that died before its first test has no events; its exit code tells.
    return [];
  }
}

// A child is told before its parent, so the names of its ancestors are put before its own as they come.
function pathsOf(events, isChosen) {
  const chosen = [];
  for (const event of events) {
    for (const one of chosen.filter((c) => c.nesting > event.nesting)) {
      one.path.unshift(event.name);
      one.nesting = event.nesting;
    }
    if (isChosen(event)) chosen.push({ nesting: event.nesting, path: [event.name], text: event.error ?? '' });
  }
  return chosen.map(({ path, text }) => ({ name: path.join(' › '), text }));
}

// A test that failed only because a subtest did is not a second failure to read.
const isFailure = ({ type, isSkipped, failureType }) =>
  type === 'test:fail' && !isSkipped && failureType !== 'subtestsFailed';

/** Counts tests, not suites. */
function resultOf(events) {
  const ended = events.filter(({ type }) => type === 'test:pass' || type === 'test:fail');
  const passed = ended.filter(({ type, isSuite, isSkipped }) => type === 'test:pass' && !isSuite && !isSkipped).length;
  const skipped = pathsOf(ended, ({ isSkipped }) => isSkipped).map(({ name }) => name);
  return { passed, skipped, failures: pathsOf(ended, isFailure) };
}

// What had begun and not ended when the process was gone.
function unfinished(events) {
  const open = [];
  for (const { type, name, nesting } of events) {
    if (type === 'test:dequeue') open.push({ name, nesting });
    else if (type !== 'test:diagnostic') {
      const index = open.findIndex((o) => o.name === name && o.nesting === nesting);
      if (index >= 0) open.splice(index, 1);
    }
  }
  return open.map(({ name }) => name);
}

const diagnosticsOf = (events) => events.flatMap(({ message }) => (message?.includes('Error') ? [message] : []));

/**
 * @param {{ file: string, node: string, env: NodeJS.ProcessEnv, folder: string, timeoutMs: number, index: number, signal: AbortSignal }} options
 * @returns {Promise<Result>}
 */
export async function runFile({ file, node, env, folder, timeoutMs, index, signal: abort }) {
  const events = join(folder, `events-${index}`);
  const args = ['--enable-source-maps', `--test-reporter=${REPORTER}`, `--test-reporter-destination=${events}`, file];
  const started = performance.now();
  const child = spawn(node, args, { env, stdio: ['ignore', 'pipe', 'pipe'], signal: abort });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-OUTPUT_CHARS_MAX);
    });
  }
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const [code, signal] = await new Promise((resolve) => {
    child.on('error', (error) => resolve([String(error), null]));
    child.once('exit', (...how) => resolve(how));
  });
  clearTimeout(timer);
  child.stdout.destroy();
  child.stderr.destroy();
  const told = readEvents(events);
  rmSync(events, { force: true });
  const result = { ...resultOf(told), durationMs: performance.now() - started };
  const how = late
    ? `did not end within ${timeoutMs / 1000} s; running: ${unfinished(told).join(', ') || 'nothing'}`
    : `ended with ${signal ?? code}`;
  if (code !== 0 && result.failures.length === 0)
    result.failures.push({ name: how, text: diagnosticsOf(told).join('\n') });
  const [last] = result.failures.slice(-1);
  if (last && output.trim() !== '') last.text += `\noutput of the file:\n${output}`;
  return result;
}
