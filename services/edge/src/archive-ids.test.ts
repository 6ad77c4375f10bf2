import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, loadConfig } from '@starling/runtime';
import { archiveIdsOf } from './archive-ids.ts';
import { edgeConfig } from './config.ts';

const idsWith = (env: Record<string, string>) => archiveIdsOf(loadConfig({ edge: edgeConfig }, { env, args: [] }).edge);

test('archive ids are made of the secret that is configured', () => {
  const position = { epoch: 1, sequence: 2 };
  const ids = idsWith({ STARLING_ARCHIVE_ID_SECRET: 'told to all edges' });
  assert.deepEqual({ ...ids.decode(ids.encode(position, 3), 3) }, position);
});

test('without one, or with one that can be tried out, there is no edge, and one line says why', () => {
  for (const [secret, problem] of [
    ['', 'STARLING_ARCHIVE_ID_SECRET is not set: all edges of a cluster need the same one'],
    ['short', 'STARLING_ARCHIVE_ID_SECRET is shorter than 16 characters'],
  ] as const) {
    assert.throws(
      () => idsWith({ STARLING_ARCHIVE_ID_SECRET: secret }),
      (error) => error instanceof ConfigError && error.problems.join() === problem,
    );
  }
});
