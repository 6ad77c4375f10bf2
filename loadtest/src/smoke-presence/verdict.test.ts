import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, isEqual, NOTHING_COMPARED, type Run, type Step, sumOf, troubleOf } from './verdict.ts';
import { NO_FAULTS, View } from './view.ts';

const WATCHED = new Set([1, 2, 3]);

function view(shown: Readonly<Record<number, number>>): View {
  const made = new View(WATCHED, () => undefined);
  for (const [person, number] of Object.entries(shown)) made.available(Number(person), number);
  return made;
}
/** By person, from 0 on. */
const truth = (...numbers: number[]) => Int32Array.from(numbers);

test('a view that is the truth', () => {
  const comparison = compare(0, WATCHED, view({ 1: 4, 2: 1 }), truth(9, 4, 1, 0, 7));
  assert.equal(isEqual(comparison), true);
  assert.equal(comparison.compared, 3);
});

const DIFFERENT = [
  ['ghost', { 1: 4, 2: 1, 3: 1 }, 3],
  ['missing', { 1: 4 }, 2],
  ['stale', { 1: 3, 2: 1 }, 1],
  ['ghost', { 1: 4, 2: 1, 4: 7 }, 4],
] as const;
for (const [kind, shown, contact] of DIFFERENT) {
  test(`${kind}: ${JSON.stringify(shown)}`, () => {
    const comparison = compare(0, WATCHED, view(shown), truth(9, 4, 1, 0, 7));
    assert.equal(comparison[kind], 1);
    assert.deepEqual(
      comparison.differences.map((d) => [d.kind, d.contact]),
      [[kind, contact]],
    );
  });
}

test('comparisons add up, and not everything is told', () => {
  const many = Array.from({ length: 8 }, (_, watcher) => compare(watcher, WATCHED, view({}), truth(0, 1, 1, 0)));
  const sum = sumOf(many);
  assert.deepEqual([sum.missing, sum.compared, sum.differences.length], [16, 24, 10]);
});

const step = (more: Partial<Step> = {}): Step => ({
  name: 'step',
  equalAfterSeconds: 4.2,
  lateForSeconds: 3.9,
  comparison: { ...NOTHING_COMPARED, compared: 30 },
  relapsed: false,
  changes: 10,
  delivered: 30,
  waits: { medianMs: 12, longestMs: 4_000 },
  logins: { count: 3, refused: 1, longestMs: 3_000 },
  ...more,
});
const run = (more: Partial<Run> = {}): Run => ({ steps: [step()], faults: NO_FAULTS, lost: 0, ...more });

test('a run that kept every promise', () => assert.deepEqual(troubleOf(run()), []));

const BROKEN: readonly [more: Partial<Run>, trouble: RegExp][] = [
  [{ steps: [step({ equalAfterSeconds: 10.1 })] }, /^step: views equal only after 10.1 s$/],
  [{ steps: [step({ equalAfterSeconds: undefined })] }, /^step: views never equal/],
  [{ steps: [step({ relapsed: true })] }, /in a calm/],
  [{ steps: [step({ delivered: 0 })] }, /nobody was shown/],
  [{ steps: [step({ logins: { count: 1, refused: 0, longestMs: 10_001 } })] }, /a login took 10001 ms/],
  [{ steps: [step({ comparison: NOTHING_COMPARED })] }, /nothing was compared/],
  [{ faults: { ...NO_FAULTS, twice: 2 } }, /^2 twice$/],
  [{ lost: 1 }, /^1 connections lost$/],
];
for (const [more, expected] of BROKEN) {
  test(`is seen: ${expected}`, () => {
    const trouble = troubleOf(run(more));
    assert.equal(trouble.length, 1);
    assert.match(trouble[0] ?? '', expected);
  });
}
