// The reporter of one test file: node:test's events as lines of JSON, for run-file.mjs. It lives in the process of the tests,
// so it also sees whether that process ends by itself once all tests are done.
import process from 'node:process';

/** What hooks close after the last test may take this long. */
const LINGER_MS = 10_000;
const CAUSES_MAX = 5;

// node:test wraps what a test throws.
function thrown(error) {
  return error?.code === 'ERR_TEST_FAILURE' && error.cause instanceof Error ? error.cause : error;
}

function describeError(error) {
  const parts = [];
  for (let e = thrown(error); e !== undefined && parts.length < CAUSES_MAX; e = e?.cause)
    parts.push(e?.stack ?? String(e));
  return parts.join('\ncaused by: ');
}

function result(type, { name, nesting, skip, todo, details }) {
  const isSkipped = skip !== undefined || todo !== undefined;
  const error = details.error && { failureType: details.error.failureType, error: describeError(details.error) };
  return { type, name, nesting, isSkipped, isSuite: details.type === 'suite', ...error };
}

function complainWhenOpen() {
  const open = process.getActiveResourcesInfo().join(', ') || 'a child process';
  process.stderr.write(`the tests are done, but the process does not end; still open: ${open}\n`);
  process.exit(1);
}

export default async function* report(source) {
  let running = 0;
  let timer;
  for await (const { type, data } of source) {
    clearTimeout(timer);
    if (type === 'test:dequeue') {
      if (data.nesting === 0) running++;
      yield `${JSON.stringify({ type, name: data.name, nesting: data.nesting })}\n`;
    } else if (type === 'test:pass' || type === 'test:fail') {
      if (data.nesting === 0) running--;
      yield `${JSON.stringify(result(type, data))}\n`;
    } else if (type === 'test:diagnostic') {
      yield `${JSON.stringify({ type, message: data.message })}\n`;
    }
    // Unref'd: it fires only in a process that something else keeps alive.
    if (running === 0) timer = setTimeout(complainWhenOpen, LINGER_MS).unref();
  }
}
