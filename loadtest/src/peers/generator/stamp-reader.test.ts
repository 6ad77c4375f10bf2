import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StampReader, stampOf } from './stamp-reader.ts';

const message = (sentMs: number) => `<message from='a@d/r' to='b@d'><body>${stampOf(sentMs)}The quick</body></message>`;
const TEXT = [
  "<presence from='a@d/r'/>",
  message(1_234.567),
  "<iq type='get' id='1'><ping/></iq><message><subject>none</subject></message>",
  message(2_000),
  message(3_000.5),
].join('');

test('stanzas with a stamp count once, whatever the pieces are', () => {
  for (let size = 1; size <= TEXT.length; size++) {
    const seen: number[] = [];
    const reader = new StampReader('</message>', (sentMs) => seen.push(sentMs));
    for (let at = 0; at < TEXT.length; at += size) reader.push(TEXT.slice(at, at + size));
    assert.deepEqual(seen, [1_234.567, 2_000, 3_000.5]);
  }
});

test('what never ends is not kept for ever', () => {
  const seen: number[] = [];
  const reader = new StampReader('</presence>', (sentMs) => seen.push(sentMs));
  for (let n = 0; n < 10_000; n++) reader.push("<presence from='a@d/r'/>");
  reader.push(`<presence><status>${stampOf(5)}</status></presence>`);
  assert.deepEqual(seen, [5]);
});
