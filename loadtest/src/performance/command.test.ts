import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf, SAMPLE } from '../peers/testing/sample.ts';
import { commandOf } from './command.ts';

test('a result is measured again by all that was set', () => {
  const measurements = [0, 1, 2].flatMap((round) =>
    round === 0 ? [chatOf('prosody', 0, []), chatOf('starling', 0, [])] : [chatOf('starling', round, [])],
  );
  assert.equal(
    commandOf({ ...SAMPLE, measurements }),
    'npm run bench:peers -- --works chat --servers prosody,starling --once prosody --rounds 3 --seconds 10 --warmup 5 --users 400 ' +
      '--rate 1000 --sessions 1000,4000 --settle 15 --logins 2000 --login-warmups 3 --groups 4 --contacts 50 --presences 50',
  );
});
