import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bus, MemoryBus } from '@starling/bus';
import { type Digest, decodeDigest } from '@starling/contracts';
import { DigestPublisher } from './digest.ts';

const MESSAGE_BYTES_MAX = 1024 * 1024;

/** What it says of these owners. */
function told(owners: readonly string[]): readonly Digest[] {
  const digests: Digest[] = [];
  const bus: Bus = new MemoryBus();
  bus.publish = (_, data) => {
    assert.ok(data.length < MESSAGE_BYTES_MAX / 2, `${data.length} bytes`);
    digests.push(decodeDigest(data));
  };
  const publisher = new DigestPublisher(bus, 0, 'p');
  for (const owner of owners) publisher.note(owner, { epoch: 1, sequence: 7 });
  publisher.publish(1);
  return digests;
}

test('a digest is cut by users and by bytes, and nobody is left out', () => {
  for (const [count, chars, parts] of [
    [0, 0, 1],
    [10, 20, 1],
    [4_001, 10, 2],
    [1_000, 1_000, 4],
  ] as const) {
    const owners = Array.from({ length: count }, (_, n) => `${n}`.padEnd(chars, 'x'));
    const digests = told(owners);
    assert.equal(digests.length, parts, `${count} of ${chars}`);
    assert.deepEqual(
      digests.flatMap(({ last }) => last.map(({ user }) => user)),
      owners,
    );
    assert.deepEqual(
      digests.map(({ counter }) => counter),
      digests.map((_, n) => n + 1),
    );
  }
});

test('of letters that take three bytes each it is as short', () => {
  told(Array.from({ length: 1_000 }, (_, n) => `${n}${'漢'.repeat(330)}`));
});
