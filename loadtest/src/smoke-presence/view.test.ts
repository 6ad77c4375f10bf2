import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Faults, NO_FAULTS, View } from './view.ts';

const WATCHED = new Set([1, 2]);

type Told = readonly [person: number, number: number] | readonly [person: number, gone: 'gone' | 'falsely gone'];

function viewAfter(told: readonly Told[]): { view: View; faults: Faults; leftOut: number } {
  const faults = { ...NO_FAULTS };
  const view = new View(WATCHED, (kind) => {
    faults[kind]++;
  });
  let leftOut = 0;
  for (const [person, what] of told) {
    if (typeof what === 'number') leftOut += view.available(person, what);
    else view.unavailable(person, what === 'gone');
  }
  return { view, faults, leftOut };
}

const CASES: readonly [what: string, told: readonly Told[], faults: Partial<Faults>, number: number][] = [
  [
    'rising numbers',
    [
      [1, 1],
      [1, 2],
    ],
    {},
    2,
  ],
  [
    'gone and back',
    [
      [1, 1],
      [1, 'gone'],
      [1, 2],
    ],
    {},
    2,
  ],
  [
    'gone',
    [
      [1, 1],
      [1, 'gone'],
    ],
    {},
    0,
  ],
  [
    'the same again',
    [
      [1, 1],
      [1, 1],
    ],
    { twice: 1 },
    1,
  ],
  [
    'the same again behind an end',
    [
      [1, 1],
      [1, 'gone'],
      [1, 1],
    ],
    { twice: 1 },
    1,
  ],
  [
    'an older one',
    [
      [1, 2],
      [1, 1],
    ],
    { backwards: 1 },
    1,
  ],
  [
    'gone twice',
    [
      [1, 1],
      [1, 'gone'],
      [1, 'gone'],
    ],
    { goneTwice: 1 },
    0,
  ],
  ['gone without having been there', [[1, 'gone']], { goneTwice: 1 }, 0],
  [
    'gone although he is there',
    [
      [1, 1],
      [1, 'falsely gone'],
    ],
    { falselyGone: 1 },
    0,
  ],
];
for (const [what, told, faults, number] of CASES) {
  test(what, () => {
    const after = viewAfter(told);
    assert.deepEqual(after.faults, { ...NO_FAULTS, ...faults });
    assert.equal(after.view.numberOf(1), number);
  });
}

test('somebody who is no contact', () => assert.equal(viewAfter([[3, 1]]).faults.strangers, 1));

test('what was left out between two is counted', () => {
  assert.equal(
    viewAfter([
      [1, 5],
      [1, 8],
      [2, 3],
    ]).leftOut,
    2,
  );
});
