import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { MemoryBus, RpcError, serve } from '@starling/bus';
import { archive, encodeDigest, type Position, queues, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { silentLogger } from '@starling/runtime';
import { Digests } from './digests.ts';
import { nextTurn } from './testing/fake-channel.ts';

const ROMEO = 'romeo@localhost' as BareJid;
const at = (epoch: number, sequence: number): Position => ({ epoch, sequence });

describe('digests', () => {
  let bus: MemoryBus;
  let digests: Digests;
  /** What was asked: stream and users with positions. */
  let asked: string[];
  let told: string[];
  let isAway: boolean;
  let users: { user: BareJid; position: Position | undefined }[];

  beforeEach(() => {
    bus = new MemoryBus({ onError: (error) => assert.fail(String(error)) });
    [asked, told, isAway] = [[], [], false];
    users = [{ user: ROMEO, position: at(1, 5) }];
    digests = new Digests({ bus, streams: 2, timeoutMs: 100, log: silentLogger });
    digests.start({
      positions: (stream) => (stream === 0 ? users : []),
      reaches: (user, { epoch, sequence }) => void told.push(`${user} ${epoch}/${sequence}`),
      settled: (user, epoch) => void told.push(`${user} ${epoch}/end`),
    });
    for (const stream of [0, 1]) {
      const last = async ({ known }: { known: readonly { user: string; position: Position }[] }) => {
        asked.push(`${stream}: ${known.map((k) => `${k.user} ${k.position.sequence}`).join()}`);
        if (isAway) throw new RpcError('resource-constraint');
        return { epoch: 1, last: [{ user: ROMEO, position: at(1, 9) }] };
      };
      serve(bus, archive.last(stream), queues.archive, last, assert.fail);
    }
  });
  afterEach(async () => {
    digests.stop();
    await bus.close();
  });

  async function publish(counter: number, { stream = 0, publisher = 'a', epoch = 1, last = [] as string[] } = {}) {
    const positions = last.map((text) => {
      const [user = '', sequence = ''] = text.split(' ');
      return { user, position: at(epoch, Number(sequence)) };
    });
    bus.publish(subjects.digest(stream), encodeDigest({ stream, counter, epoch, publisher, last: positions }));
    for (let i = 0; i < 6; i++) await nextTurn();
  }

  it('tell where logs end, and the epoch', async () => {
    assert.equal(digests.epochOf(0), 0);
    await publish(7, { last: [`${ROMEO} 6`, 'juliet@localhost 8'], epoch: 3 });
    assert.deepEqual(told, [`${ROMEO} 3/6`, 'juliet@localhost 3/8']);
    assert.equal(digests.epochOf(0), 3);
    assert.equal(digests.epochOf(1), 0);
    assert.equal(digests.epochOf(99), 0);
    assert.deepEqual(asked, []);
  });

  it('one after the other: nothing is asked', async () => {
    for (const counter of [1, 2, 3]) await publish(counter);
    assert.deepEqual(asked, []);
  });

  it('a hole in the counters: the logs’ ends are asked for', async () => {
    await publish(1);
    await publish(3);
    assert.deepEqual(asked, [`0: ${ROMEO} 5`]);
    assert.deepEqual(told, [`${ROMEO} 1/9`]);
    await publish(4);
    assert.equal(asked.length, 1);
  });

  it('each stream has counters of its own', async () => {
    await publish(1);
    await publish(1, { stream: 1 });
    await publish(2);
    await publish(2, { stream: 1 });
    assert.deepEqual(asked, []);
  });

  it('a new publisher has digests of its own behind it', async () => {
    await publish(1);
    await publish(100, { publisher: 'b' });
    assert.equal(asked.length, 1);
    await publish(101, { publisher: 'b' });
    assert.equal(asked.length, 1);
  });

  it('a new epoch', async () => {
    await publish(1);
    await publish(2, { epoch: 2 });
    assert.equal(asked.length, 1);
    assert.equal(digests.epochOf(0), 2);
  });

  it('a publisher that counts anew', async () => {
    await publish(9);
    await publish(1);
    assert.equal(asked.length, 1);
  });

  it('after a reconnect all streams are asked that have users here', async () => {
    bus.announceLoss();
    for (let i = 0; i < 6; i++) await nextTurn();
    assert.deepEqual(asked, [`0: ${ROMEO} 5`]);
  });

  it('whose position is not known is not asked for', async () => {
    users.push({ user: 'new@localhost' as BareJid, position: undefined });
    bus.announceLoss();
    for (let i = 0; i < 6; i++) await nextTurn();
    assert.deepEqual(asked, [`0: ${ROMEO} 5`]);
  });

  it('an archive that is away is asked again with its next digest, until it answers', async () => {
    isAway = true;
    await publish(1);
    await publish(3);
    await publish(4);
    assert.equal(asked.length, 2);
    assert.deepEqual(told, []);
    isAway = false;
    await publish(5);
    await publish(6);
    assert.equal(asked.length, 3);
    assert.deepEqual(told, [`${ROMEO} 1/9`]);
  });

  it('many users are asked for in several requests', async () => {
    users = Array.from({ length: 2_500 }, (_, i) => ({ user: `u${i}@localhost` as BareJid, position: at(1, 1) }));
    bus.announceLoss();
    for (let i = 0; i < 20; i++) await nextTurn();
    assert.deepEqual(
      asked.map((a) => a.split(',').length),
      [1_000, 1_000, 500],
    );
  });

  it('one that cannot be read is passed over, and the next one shows the hole', async () => {
    await publish(1);
    bus.publish(subjects.digest(0), Buffer.from([0xff, 0xff, 0xff]));
    await publish(3);
    assert.equal(asked.length, 1);
  });

  it('stopped, they hear nothing', async () => {
    digests.stop();
    await publish(1, { last: [`${ROMEO} 6`] });
    bus.announceLoss();
    await nextTurn();
    assert.deepEqual([told, asked], [[], []]);
  });
});
