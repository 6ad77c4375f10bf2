import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchPeers } from './bench-peers.ts';
import { shownResults } from './peers/shown.ts';
import { UsageError } from './usage-error.ts';

test('a result that is not there is told before anything is measured', async () => {
  await assert.rejects(
    benchPeers(['--into', 'loadtest/results/nothing-peers.json']),
    new UsageError('--into loadtest/results/nothing-peers.json: no such result in loadtest/results'),
  );
});

test('a result is found by its name, and as it was told', async () => {
  const { file } = shownResults()?.sources[0] ?? assert.fail('no result is kept');
  for (const name of [file, `loadtest/results/${file}`])
    await assert.rejects(benchPeers(['--into', name, '--rounds', '0']), new UsageError('rounds: a number above 0'));
});

test('what cannot be joined is told before anything is measured', async () => {
  const { file } = shownResults()?.sources[0] ?? assert.fail('no result is kept');
  await assert.rejects(benchPeers(['--into', file, '--rounds', '99']), /^UsageError: --into: another (commit|rounds)$/);
});
