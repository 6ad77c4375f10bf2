import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RestoredLog, troubleOf } from './verdict.ts';

const senderOf = (number: number) => Math.floor(number / 100);
const log = (numbers: readonly number[], rest: Partial<RestoredLog> = {}): RestoredLog => ({
  ...{ owner: 'juliet', numbers, promised: [1, 2, 101], fresh: [50, 150], senderOf },
  ...rest,
});

const ROWS: readonly [name: string, log: RestoredLog, trouble: readonly string[]][] = [
  ['all is there', log([1, 101, 2, 50, 150]), []],
  ['and what nobody has promised', log([1, 101, 2, 3, 102, 150, 50]), []],
  ['lost', log([1, 2, 50, 150]), ['juliet: 1 acknowledged before the backup are missing']],
  ['lost since', log([1, 101, 2, 50]), ['juliet: 1 acknowledged after the restore are missing']],
  ['twice', log([1, 101, 2, 2, 50, 150]), ['juliet: 1 are there twice']],
  ['out of order', log([2, 101, 1, 50, 150]), ['juliet: 1 are out of order']],
  [
    'written again behind the new',
    log([1, 2, 50, 150, 101]),
    ['juliet: 1 are out of order', 'juliet: 1 of before the restore are behind new ones'],
  ],
];

for (const [name, given, trouble] of ROWS)
  test(`restored log: ${name}`, () => assert.deepEqual(troubleOf(given), trouble));
