import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RosterReply, RosterVersion } from '@starling/contracts';
import { StanzaError } from '@starling/stanza';
import { type Repairable, Repairs } from './repairs.ts';

const BOUNDS = { graceMs: 1, retryMs: 1, attemptsMax: 4, fetchesMax: 7 };
const at = (number: number): RosterVersion => ({ lineage: 'x', number });
const replyOf = (number: number): RosterReply => ({ version: at(number), difference: true, items: [], numbers: [] });

class FakeClient implements Repairable {
  number: number;
  newest: number;
  constructor(number: number, newest = number) {
    this.number = number;
    this.newest = newest;
  }
  get version() {
    return at(this.number);
  }
  get isBehind() {
    return this.newest > this.number;
  }
  catchUp({ version }: RosterReply) {
    this.number = Math.max(this.number, version.number);
  }
}

/** Repairs whose answers are `replies` in turn; an error is thrown. */
function makeRepairs(...replies: (RosterReply | Error)[]) {
  const asked: string[] = [];
  const fetch = async (user: string, { number }: RosterVersion) => {
    asked.push(`${user} ${number}`);
    const reply = replies.shift() ?? replyOf(0);
    if (reply instanceof Error) throw reply;
    return reply;
  };
  return { asked, repairs: new Repairs({ fetch, ...BOUNDS }) };
}
const until = async (condition: () => boolean) => {
  for (let i = 0; i < 1_000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.ok(condition());
};
const soon = () => new Promise((resolve) => setTimeout(resolve, 20));

test('one fetch for all clients of a user, from the lowest version', async () => {
  const { asked, repairs } = makeRepairs(replyOf(9));
  const clients = [new FakeClient(7, 9), new FakeClient(3, 9), new FakeClient(9)];
  for (const client of clients) repairs.request('a', [client], false);
  await until(() => clients.every((c) => c.number === 9));
  await soon();
  assert.deepEqual(asked, ['a 3']);
});

test('what has come by itself within the grace is not fetched', async () => {
  const { asked, repairs } = makeRepairs();
  const client = new FakeClient(3, 5);
  repairs.request('a', [client], false);
  client.number = 5;
  await soon();
  assert.deepEqual(asked, []);
});

test('an answer from a process that does not know yet, or an error: it is asked again', async () => {
  const { asked, repairs } = makeRepairs(replyOf(3), new StanzaError('resource-constraint'), replyOf(5));
  const client = new FakeClient(3, 5);
  repairs.request('a', [client], false);
  await until(() => client.number === 5);
  assert.equal(asked.length, 3);
});

test('not for ever, and not when the account is gone', async () => {
  const stale = makeRepairs();
  stale.repairs.request('a', [new FakeClient(3, 5)], false);
  await until(() => stale.asked.length === 4);
  await soon();
  assert.equal(stale.asked.length, 4);
  const gone = makeRepairs(new StanzaError('item-not-found'));
  gone.repairs.request('a', [new FakeClient(3, 5)], false);
  await soon();
  assert.equal(gone.asked.length, 1);
});

test('after a reconnect also those who know of nothing, so many users at a time', async () => {
  let fetching = 0;
  let most = 0;
  const repairs = new Repairs({
    ...BOUNDS,
    fetch: async () => {
      most = Math.max(most, ++fetching);
      await new Promise((resolve) => setTimeout(resolve, 2));
      fetching--;
      return replyOf(4);
    },
  });
  const clients = Array.from({ length: 50 }, () => new FakeClient(3));
  for (const [i, client] of clients.entries()) repairs.request(`user${i}`, [client], true);
  await until(() => clients.every((c) => c.number === 4));
  assert.equal(most, 7);
});
