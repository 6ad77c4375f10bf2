import assert from 'node:assert/strict';
import { test } from 'node:test';
import { managed } from '../testing/managed.ts';
import { makeSession } from '../testing/session.ts';

const NOTHING = new Uint8Array(0);

test('what answers a request is kept until its record is made, what is of the log is not: that is read from there', () => {
  const sm = managed();
  sm.isReleased = true;
  assert.equal(sm.keep(NOTHING, { epoch: 1, sequence: 7 }, ''), false);
  assert.equal(sm.keep(NOTHING, undefined, 'q1'), true);
  sm.isSealed = true;
  assert.equal(sm.keep(NOTHING, undefined, 'q2'), false);
  assert.equal(sm.queue.length, 1);
});

test('requests are open until their answers are acknowledged, and unanswered until these are sent', () => {
  const sm = managed();
  for (const id of ['q1', 'q2', 'q3', 'q4']) sm.asked(id);
  assert.deepEqual(sm.unanswered, ['q2', 'q3', 'q4'], 'a bound of three');
  sm.keep(NOTHING, undefined, 'q3');
  assert.deepEqual(
    [sm.unanswered, [...sm.openRequests]],
    [
      ['q2', 'q4'],
      ['q2', 'q3', 'q4'],
    ],
  );
  sm.acknowledged(1);
  assert.deepEqual([...sm.openRequests], ['q2', 'q4']);
});

test('a request that is in hand is not handled yet', async () => {
  let done: () => void = () => undefined;
  const { session } = makeSession({
    handle: () =>
      new Promise((resolve) => {
        done = resolve;
      }),
  });
  const attrs = { id: 'q1', type: 'get' };
  session.receive({ name: 'iq', ns: 'jabber:client', attrs, bytes: NOTHING, children: [] } as never);
  assert.equal(session.requestInHand, 'q1');
  done();
  await new Promise((resolve) => session.whenIdle(() => resolve(undefined)));
  assert.equal(session.requestInHand, '');
});

test('what was for its resource alone is open from the first of it that the client has not got', () => {
  const sm = managed();
  const at = (sequence: number) => ({ epoch: 1, sequence });
  assert.equal(sm.directUpTo, undefined);
  for (const sequence of [4, 6, 9]) sm.keep(NOTHING, at(sequence), '');
  assert.equal(sm.directUpTo, undefined, 'all of that is for the account');
  sm.direct.set(6, false);
  sm.direct.set(9, true);
  assert.deepEqual(sm.directUpTo, at(5));
  sm.acknowledged(2);
  assert.deepEqual(sm.directUpTo, at(8));
  sm.acknowledged(3);
  assert.equal(sm.directUpTo, undefined);
  sm.isCut = true;
  sm.reached = at(12);
  assert.deepEqual(sm.directUpTo, at(12), 'behind it nothing was kept');
});

test('in a record the queue has the bytes of what is live, the oldest first, as far as there is room', () => {
  const sm = managed();
  const bytes = (length: number) => new Uint8Array(length);
  sm.keep(bytes(4), undefined, 'q1');
  sm.keep(bytes(9), { epoch: 1, sequence: 7 }, '');
  sm.keep(bytes(4), undefined, '');
  assert.equal(sm.hasLive, true);
  assert.deepEqual(
    sm.queueFor(5).map(({ position, stanza, answers }) => [position?.sequence, stanza?.length, answers]),
    [
      [undefined, 4, 'q1'],
      [7, undefined, ''],
      [undefined, undefined, ''],
    ],
  );
  sm.acknowledged(1);
  assert.equal(sm.hasLive, true);
  sm.acknowledged(3);
  assert.equal(sm.hasLive, false);
});
