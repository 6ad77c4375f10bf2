import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveHold } from './live-hold.ts';

function world() {
  const delivered: string[] = [];
  return { delivered, hold: new LiveHold<string>({ released: (item, by) => void delivered.push(`${item} ${by}`) }) };
}

test('a live stanza goes when its entry has passed, and not before', () => {
  const { delivered, hold } = world();
  hold.keep('a', 5);
  hold.keep('b', 7);
  hold.keep('c', 5);
  hold.passed(4);
  assert.deepEqual(delivered, []);
  hold.passed(6);
  assert.deepEqual(delivered, ['a entry', 'c entry']);
  hold.passed(7);
  assert.deepEqual(delivered, ['a entry', 'c entry', 'b entry']);
  assert.equal(hold.length, 0);
  hold.close();
});

test('it does not wait for an entry that does not come: one second', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { delivered, hold } = world();
  hold.keep('a', 5);
  t.mock.timers.tick(600);
  hold.keep('b', 5);
  t.mock.timers.tick(399);
  assert.deepEqual(delivered, []);
  t.mock.timers.tick(1);
  assert.deepEqual(delivered, ['a time']);
  t.mock.timers.tick(600);
  assert.deepEqual(delivered, ['a time', 'b time']);
  hold.keep('c', 5);
  t.mock.timers.tick(1_000);
  assert.deepEqual(delivered, ['a time', 'b time', 'c time'], 'the timer starts again');
});

test('only so many wait: the oldest goes first', () => {
  const { delivered, hold } = world();
  for (let i = 0; i < 258; i++) hold.keep(String(i), 1);
  assert.deepEqual(delivered, ['0 bound', '1 bound']);
  assert.equal(hold.length, 256);
  hold.close();
  hold.passed(1);
  assert.deepEqual(delivered, ['0 bound', '1 bound'], 'nothing comes when nobody is here any more');
});
