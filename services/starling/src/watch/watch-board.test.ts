import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BareJid } from '@starling/jid';
import { WatchBoard } from './watch-board.ts';
import type { WatchedEvent } from './watched-event.ts';

const alice = 'alice@example.com' as BareJid;
const event = (n: number) => ({ atMs: n }) as WatchedEvent;

function boardWith() {
  let tell: (event: WatchedEvent) => void = () => undefined;
  let signal: AbortSignal | undefined;
  const board = new WatchBoard(async (_user, onEvent, stopping) => {
    tell = onEvent;
    signal = stopping;
  });
  return { board, tell: (n: number) => tell(event(n)), isStopped: () => signal?.aborted === true };
}

test('a question waits for the first event, the next one goes on behind it', async () => {
  const { board, tell, isStopped } = boardWith();
  const first = board.poll(alice, 0, 5_000);
  tell(1);
  assert.deepEqual(await first, { next: 1, events: [event(1)], dropped: 0 });
  tell(2);
  tell(3);
  assert.deepEqual(await board.poll(alice, 1, 5_000), { next: 3, events: [event(2), event(3)], dropped: 0 });
  assert.deepEqual(await board.poll(alice, 3, 1), { next: 3, events: [], dropped: 0 });
  board.close();
  assert.ok(isStopped());
});

test('who asks too seldom hears how much is lost', async () => {
  const { board, tell } = boardWith();
  await board.poll(alice, 0, 1);
  for (let n = 1; n <= 1_005; n++) tell(n);
  const page = await board.poll(alice, 0, 1);
  assert.ok(page);
  assert.equal(page.dropped, 5);
  assert.equal(page.events.length, 1_000);
  assert.equal(page.next, 1_005);
  board.close();
});
