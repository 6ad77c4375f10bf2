import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, FrameReader, OPCODE } from './web-socket-frames.ts';

/** A server's frame: not masked. */
function serverFrame(text: string, opcode: number = OPCODE.text): Buffer {
  const header =
    text.length < 126
      ? Buffer.from([0x80 | opcode, text.length])
      : text.length < 65_536
        ? Buffer.from([0x80 | opcode, 126, text.length >> 8, text.length & 0xff])
        : Buffer.from([
            0x80 | opcode,
            127,
            0,
            0,
            0,
            0,
            0,
            text.length >> 16,
            (text.length >> 8) & 0xff,
            text.length & 0xff,
          ]);
  return Buffer.concat([header, Buffer.from(text, 'latin1')]);
}

test('frames of every length, whatever the pieces are', () => {
  const texts = ['', 'a', 'b'.repeat(125), 'c'.repeat(126), 'd'.repeat(65_535), 'e'.repeat(65_536)];
  const bytes = Buffer.concat([...texts.map((text) => serverFrame(text)), serverFrame('x', OPCODE.ping)]);
  for (const size of [1, 7, 4_096, bytes.length]) {
    const seen: (readonly [number, string])[] = [];
    const reader = new FrameReader((opcode, text) => seen.push([opcode, text]));
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    assert.deepEqual(seen, [...texts.map((text) => [OPCODE.text, text] as const), [OPCODE.ping, 'x']]);
  }
});

test('a frame of the client is masked, with another key each time', () => {
  const keys = new Set<number>();
  for (const length of [0, 5, 125, 126, 300, 65_536]) {
    const text = '<m/>'.repeat(length).slice(0, length);
    const frame = encodeFrame(text);
    const start = frame.length - length;
    assert.equal((frame[1] ?? 0) & 0x80, 0x80);
    keys.add(frame.readUInt32BE(start - 4));
    const plain = frame.subarray(start).map((byte, at) => byte ^ (frame[start - 4 + (at % 4)] ?? 0));
    assert.equal(Buffer.from(plain).toString('latin1'), text);
  }
  assert.equal(keys.size, 6);
});
