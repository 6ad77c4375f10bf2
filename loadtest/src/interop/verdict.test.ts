import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENT_FAULTS } from './known-failures.ts';
import { classesWith, judge, type SmackResult, withSecondRun } from './verdict.ts';

const result = (name: string, outcome: SmackResult['outcome'], connection = ''): SmackResult => ({
  test: name,
  connection,
  outcome,
  reason: '',
  ms: 1,
});

test('results are counted by class, and what is known to fail is not counted as failed', () => {
  const results = [
    result('Roster.push', 'passed'),
    result('Roster.approval', 'failed'),
    result('Roster.removal', 'aborted'),
    result('Chat.hello', 'passed'),
    result('Rooms', 'impossible'),
  ];
  const { total, classes, failures, mended } = judge(results, [{ test: 'Roster.approval', reason: 'not yet' }]);
  assert.deepEqual(total, { passed: 2, failed: 1, known: 1, impossible: 1 });
  assert.deepEqual(Object.keys(classes), ['Chat', 'Rooms', 'Roster']);
  assert.deepEqual(classes.Roster, { passed: 1, failed: 1, known: 1, impossible: 0 });
  assert.deepEqual(
    failures.map((f) => f.test),
    ['Roster.removal'],
  );
  assert.deepEqual(mended, []);
});

test('a known failure may be a class, or a kind of connection; the beginning of a name is not enough', () => {
  const results = [
    result('Roster.push', 'failed'),
    result('RosterVersion.push', 'failed'),
    result('Close.tag', 'failed', 'tcp'),
    result('Close.tag', 'failed', 'modular'),
  ];
  const known = [
    { test: 'Roster', reason: '' },
    { test: 'Close.tag', connection: 'modular', reason: '' },
  ];
  assert.deepEqual(
    judge(results, known).failures.map((f) => `${f.test} ${f.connection}`),
    ['RosterVersion.push ', 'Close.tag tcp'],
  );
});

test('a known failure that passes is told, unless it is one by chance', () => {
  const known = [
    { test: 'Roster.push', reason: '' },
    { test: 'Close.tag', reason: '' },
    { test: 'Absent', reason: '' },
    { test: 'Ping.strangers', sometimes: true, reason: '' },
  ] as const;
  const results = [
    result('Roster.push', 'passed'),
    result('Close.tag', 'passed', 'a'),
    result('Close.tag', 'failed', 'b'),
    result('Ping.strangers', 'passed'),
  ];
  assert.deepEqual(judge(results, known).mended, [known[0]]);
});

test('what a client does wrong by chance is known by what it says, in whichever class; those are run again', () => {
  const told = 'No response. While waiting for TLS handshake to finish [ModularXmppClientToServerConnection[x] (44)]';
  const results = [
    { ...result('Rooms.join', 'aborted', 'modular'), reason: told },
    result('Rooms.leave', 'passed'),
    result('Chat.hello', 'failed'),
    result('', 'aborted'),
  ];
  assert.deepEqual(classesWith(CLIENT_FAULTS, results), ['Rooms']);
  assert.deepEqual(judge(results, CLIENT_FAULTS).total, { passed: 1, failed: 2, known: 1, impossible: 0 });
  const second = [result('Rooms.join', 'passed', 'modular'), result('Rooms.leave', 'failed')];
  assert.deepEqual(
    withSecondRun(results, second).map(({ test: name, outcome }) => `${name} ${outcome}`),
    ['Chat.hello failed', ' aborted', 'Rooms.join passed', 'Rooms.leave failed'],
  );
});
