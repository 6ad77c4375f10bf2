import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BareJid } from '@starling/jid';
import { bytesOf, usersOf } from './conformance/tools.ts';
import { LogFullError, LogUnavailableError } from './log.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryLog, type MemoryLogOptions } from './memory-log.ts';

const [alice, bob] = usersOf(0, 2, 2) as [BareJid, BareJid];
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

function open(options: Partial<MemoryLogOptions> = {}) {
  const bus = new MemoryBus();
  const log = new MemoryLog(bus, { streams: 2, acknowledge: 'when-archived', ...options });
  const events: string[] = [];
  bus.subscribe('u.>', ({ commit }) => events.push(`live ${commit?.sequence} after ${commit?.previous}`));
  const append = (user: BareJid, id: string) =>
    log.append(user, id, bytesOf(id)).then(({ sequence, duplicate }) => {
      events.push(`stored ${sequence}${duplicate ? ' again' : ''}`);
    });
  return { bus, log, events, append };
}

describe('a log that the archive acknowledges', () => {
  it('keeps still until the archive has committed, then resolves and re-publishes in order', async () => {
    const { log, events, append } = open();
    const appends = [append(alice, 'a'), append(bob, 'b'), append(alice, 'c')];
    const reader = await log.read(0, 1);
    assert.equal((await reader.next(10, 1_000)).length, 3, 'the archive reads it before anybody else knows');
    await nextTurn();
    assert.deepEqual(events, []);
    log.archived(0, 2);
    await nextTurn();
    assert.deepEqual(events.sort(), ['live 1 after 0', 'live 2 after 0', 'stored 1', 'stored 2']);
    events.length = 0;
    log.archived(0, 2);
    log.archived(0, 1);
    log.archived(0, 99);
    await nextTurn();
    assert.deepEqual(events, [], 'what it said already, and what cannot be');
    log.archived(0, 3);
    await Promise.all(appends);
    await nextTurn();
    assert.deepEqual(events.sort(), ['live 3 after 1', 'stored 3']);
    await log.close();
  });

  it('lets an entry that is sent again wait for the first one, and for nothing when that is archived', async () => {
    const { log, events, append } = open();
    const both = [append(alice, 'a'), append(alice, 'a')];
    await nextTurn();
    assert.deepEqual(events, []);
    log.archived(0, 1);
    await Promise.all(both);
    await append(alice, 'a');
    await nextTurn();
    assert.deepEqual(events.sort(), ['live 1 after 0', 'stored 1', 'stored 1 again', 'stored 1 again']);
    await log.close();
  });

  it('forgets ids behind the duplicate window', async () => {
    let nowMs = 1_000_000;
    const { log } = open({ acknowledge: 'at-once', now: () => nowMs, duplicateWindowMs: 1_000 });
    await log.append(alice, 'a', bytesOf('a'));
    nowMs += 999;
    assert.equal((await log.append(alice, 'a', bytesOf('a'))).duplicate, true);
    nowMs += 1;
    assert.deepEqual(await log.append(alice, 'a', bytesOf('a')), { stream: 0, sequence: 2, duplicate: false });
    await log.close();
  });

  it('goes on where the database says', async () => {
    const nowMs = 2_000_000;
    const start = new Map([
      [
        0,
        {
          createdAtMs: 77,
          last: 41,
          recent: [
            { id: 'old', sequence: 40, committedAtMs: nowMs - 5_000 },
            { id: 'young', sequence: 41, committedAtMs: nowMs - 500 },
          ],
        },
      ],
    ]);
    const { log } = open({ acknowledge: 'at-once', start, now: () => nowMs, duplicateWindowMs: 1_000 });
    const { storage, ...info } = await log.info(0);
    assert.deepEqual(info, { stream: 0, createdAtMs: 77, first: 42, last: 41 });
    assert.equal(storage?.bytes, 0);
    assert.deepEqual(await log.append(alice, 'young', bytesOf('x')), { stream: 0, sequence: 41, duplicate: true });
    assert.deepEqual(await log.append(alice, 'old', bytesOf('x')), { stream: 0, sequence: 42, duplicate: false });
    assert.equal((await log.info(1)).last, 0);
    await log.close();
  });

  it('is full of what is not archived; what is archived gives way', async () => {
    const { log, append } = open({ entriesMax: 3 });
    const first = [append(alice, '1'), append(alice, '2'), append(alice, '3')];
    await assert.rejects(append(alice, '4'), LogFullError);
    log.archived(0, 2);
    const second = [append(alice, '4'), append(alice, '5')];
    await assert.rejects(append(alice, '6'), LogFullError);
    assert.deepEqual((await log.info(0)).first, 3);
    log.archived(0, 5);
    await Promise.all([...first, ...second]);
    await log.close();
  });

  it('gives up what the archive does not commit in time; an archive that comes later still gets it', async () => {
    const { log, events, append } = open({ appendTimeoutMs: 100 });
    await assert.rejects(append(alice, 'a'), LogUnavailableError);
    const again = append(alice, 'a');
    const reader = await log.read(0, 1);
    assert.equal((await reader.next(10, 100)).length, 1);
    log.archived(0, 1);
    await again;
    await nextTurn();
    assert.deepEqual(events.sort(), ['live 1 after 0', 'stored 1 again']);
    await log.close();
  });

  it('refuses a stream that there is not', async () => {
    const { log } = open();
    await assert.rejects(log.info(2), RangeError);
    await assert.rejects(log.read(-1, 1), RangeError);
    await log.close();
  });
});
