// npm run interop:smack: the integration tests of Smack, another project's client library, against one edge and against three; with
// --resume, instead, what it does when its edge dies.
import { parseArgs } from 'node:util';
import type { OwnWorld } from '@starling/testkit';
import { currentCommit, keepFile } from './bench/results.ts';
import { compile } from './interop/java.ts';
import { CLIENT_FAULTS, KNOWN_FAILURES } from './interop/known-failures.ts';
import { runSmack, SERVER_SETTINGS } from './interop/run-smack.ts';
import { resumeWithSmack } from './interop/smack-resumes.ts';
import { classesWith, judge, type SmackResult, type Verdict, withSecondRun } from './interop/verdict.ts';
import { keepLogs, withWorld } from './own-world.ts';
import { UsageError } from './usage-error.ts';

interface Run {
  readonly edges: 1 | 3;
  readonly verdict: Verdict;
  readonly results: readonly SmackResult[];
}

/** Resolves with the exit code: 0 when nothing failed that is not known to. @throws UsageError, Error when a run is impossible */
export async function interopSmack(args: readonly string[]): Promise<number> {
  const { edges, tests, keep, resume } = optionsOf(args);
  const classPath = compile();
  if (resume) return (await resumeWithSmack(classPath)) ? 0 : 1;
  const runs: Run[] = [];
  for (const count of edges) runs.push(await runWith(count, classPath, tests));
  print(runs);
  if (keep) {
    const at = new Date().toISOString();
    const commit = currentCommit();
    const text = JSON.stringify({ at, commit, runs }, null, 2);
    console.log(`kept in ${keepFile(`${at.slice(0, 10)}-${commit}-smack.json`, `${text}\n`)}`);
  }
  return runs.every(({ verdict, results }) => verdict.failures.length === 0 && results.length > 0) ? 0 : 1;
}

function optionsOf(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      edges: { type: 'string' },
      tests: { type: 'string', default: '' },
      'no-keep': { type: 'boolean', default: false },
      resume: { type: 'boolean', default: false },
    },
  });
  if (values.edges !== undefined && values.edges !== '1' && values.edges !== '3')
    throw new UsageError('--edges is 1 or 3; without it both are run');
  if (values.resume && (values.edges !== undefined || values.tests !== ''))
    throw new UsageError('--resume is a run of its own, on three edges');
  const both: readonly (1 | 3)[] = [1, 3];
  return {
    edges: both.filter((count) => values.edges === undefined || String(count) === values.edges),
    tests: values.tests.split(',').filter((name) => name !== ''),
    // A part of the tests is no result to compare with.
    keep: !values['no-keep'] && values.tests === '',
    resume: values.resume,
  };
}

async function runWith(edges: 1 | 3, classPath: string, tests: readonly string[]): Promise<Run> {
  console.log(`Smack's tests against ${edges === 1 ? 'one edge' : 'three edges'} …`);
  return withWorld({ edges, settings: SERVER_SETTINGS }, async (world) => {
    const results = await runTwice(world, classPath, tests);
    const verdict = judge(results, KNOWN_FAILURES);
    if (verdict.failures.length > 0)
      console.log(`logs of the servers: ${keepLogs(world, `interop-smack/${world.kind}`)}`);
    return { edges, verdict, results };
  });
}

/** Twice what the client's own faults have touched. */
async function runTwice(world: OwnWorld, classPath: string, tests: readonly string[]): Promise<readonly SmackResult[]> {
  const first = await runSmack(world, classPath, tests);
  const again = classesWith(CLIENT_FAULTS, first);
  if (again.length === 0) return first;
  const faults = judge(first, KNOWN_FAILURES).total;
  console.log(`${again.join(', ')} again, for faults of the client (first run: ${JSON.stringify(faults)}) …`);
  return withSecondRun(first, await runSmack(world, classPath, again));
}

function print(runs: readonly Run[]): void {
  const rows: Record<string, Record<string, number>> = {};
  for (const { edges, verdict } of runs) {
    const unit = edges === 1 ? '1 edge' : `${edges} edges`;
    for (const [name, count] of Object.entries({ ...verdict.classes, 'all together': verdict.total })) {
      const cells = Object.entries(count).map(([column, value]) => [`${unit}: ${column}`, value] as const);
      rows[name] = { ...rows[name], ...Object.fromEntries(cells) };
    }
  }
  console.table(rows);
  for (const { edges, verdict } of runs) {
    for (const { test, connection, outcome, reason } of verdict.failures)
      console.log(`${edges}: ${outcome} ${[test, connection].filter((part) => part !== '').join(' ')}: ${reason}`);
    for (const { test } of verdict.mended) console.log(`${edges}: ${test} no longer fails: take it from the list`);
  }
}
