import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { measurePart } from './measure-part.ts';
import { parsePartLine } from './part-line.ts';

const SHORT = { rounds: 3, roundMs: 5 };

test('each round tells its CPU, and that of the process beside it', async () => {
  let [sum, done] = [0, 0];
  const line = await measurePart(
    {
      name: 'sum',
      run: (count) => {
        for (let i = 0; i < count; i++) sum += Math.sqrt(i);
        done += count;
      },
      beside: { process: 'another', cpuUs: () => 2 * done },
    },
    SHORT,
  );
  assert.ok(sum > 0);
  assert.equal(line.roundsUs.length, SHORT.rounds);
  assert.ok(line.roundsUs.every((us) => us > 0 && us < 100));
  assert.deepEqual(line.beside, { process: 'another', roundsUs: [2, 2, 2] });
  assert.deepEqual(parsePartLine(JSON.stringify(line)), line);
});

test('what one allocates is counted', async () => {
  setFlagsFromString('--expose-gc');
  globalThis.gc = runInNewContext('gc') as NodeJS.GCFunction;
  const kept: Buffer[] = [];
  const line = await measurePart(
    {
      name: 'buffer',
      run: (count) => {
        kept.length = 0;
        for (let i = 0; i < count; i++) kept.push(Buffer.alloc(10_000));
      },
    },
    SHORT,
  );
  const { allocatedBytes = 0 } = line;
  assert.ok(allocatedBytes >= 10_000 && allocatedBytes < 11_000, `${allocatedBytes}`);
});

test('another line is none', () => assert.throws(() => parsePartLine('{"what":"x"}'), /not a line of a part/));
