import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barOf, Progress } from './progress.ts';

function terminal(isTTY: boolean, columns: number) {
  const written: string[] = [];
  return { isTTY, columns, written, write: (text: string) => written.push(text) };
}

test('a bar is filled as far as it is', () => {
  assert.equal(barOf(0, 4, 'x'), `[${'.'.repeat(30)}]   0 %  x`);
  assert.equal(barOf(1, 4, 'x'), `[${'#'.repeat(8)}${'.'.repeat(22)}]  25 %  x`);
  assert.equal(barOf(4, 4, 'x'), `[${'#'.repeat(30)}] 100 %  x`);
  // A file that has grown since it was measured, and one of which nobody knows how long it is.
  assert.equal(barOf(9, 4, 'x'), `[${'#'.repeat(30)}] 100 %  x`);
  assert.equal(barOf(9, 0, 'x'), `[${'.'.repeat(30)}]   0 %  x`);
});

test('a terminal shows it on one line, now and then, and makes room for others', () => {
  const out = terminal(true, 80);
  const progress = new Progress(out);
  progress.show(1, 2, 'romeo@localhost, 10 messages');
  const line = barOf(1, 2, 'romeo@localhost, 10 messages');
  assert.deepEqual(out.written, [`\r${line}`]);
  progress.show(2, 2, 'at once'); // too soon
  assert.equal(out.written.length, 1);
  progress.clear();
  assert.deepEqual(out.written.slice(1), [`\r${' '.repeat(line.length)}\r`]);
  progress.clear();
  assert.equal(out.written.length, 2);
  progress.show(2, 2, 'again');
  assert.deepEqual(out.written.slice(2), [`\r${barOf(2, 2, 'again')}`]);
});

test('a line never wraps', () => {
  const out = terminal(true, 40);
  new Progress(out).show(1, 2, 'x'.repeat(100));
  assert.equal(out.written.join().length, 40);
  const unknown = terminal(true, 0);
  new Progress(unknown).show(1, 2, 'x'.repeat(100));
  assert.equal(unknown.written.join().length, 80);
});

test('what is no terminal gets nothing', () => {
  const out = terminal(false, 80);
  const progress = new Progress(out);
  progress.show(1, 2, 'x');
  progress.clear();
  assert.deepEqual(out.written, []);
});
