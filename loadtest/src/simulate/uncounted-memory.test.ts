import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installUncountedMemory } from './uncounted-memory.ts';

test('buffers do not overlap, are as long as was asked, and are not counted', () => {
  const { allocUnsafe, allocUnsafeSlow } = Buffer;
  try {
    installUncountedMemory();
    const { external } = process.memoryUsage();
    const sizes = Array.from({ length: 2_000 }, (_, i) => (i % 100 === 0 ? 20_000 : i % 1_000));
    const buffers = sizes.map((bytes, i) => Buffer.allocUnsafe(bytes).fill(i % 251));
    assert.deepEqual(
      buffers.map(({ length }) => length),
      sizes,
    );
    assert.ok(buffers.every((buffer, i) => buffer.every((byte) => byte === i % 251)));
    assert.ok(process.memoryUsage().external - external < 100_000);
  } finally {
    Object.assign(Buffer, { allocUnsafe, allocUnsafeSlow });
  }
});
