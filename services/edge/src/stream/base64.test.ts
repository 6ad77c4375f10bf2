import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64 } from './base64.ts';

test('base64 as RFC 6120 §6.3.5 wants it', () => {
  for (const [text, expected] of [
    ['', ''],
    ['=', ''],
    ['YQ==', 'a'],
    ['YWI=', 'ab'],
    ['YWJj', 'abc'],
  ] as const) {
    assert.equal(Buffer.from(decodeBase64(text) ?? 'nothing').toString(), expected);
  }
  for (const text of ['YQ', 'YQ=', 'YQ===', 'YR==', ' YQ==', 'YQ==\n', 'Y-_=', 'YQ==YQ==', '==', '*', 'Y Q==']) {
    assert.equal(decodeBase64(text), undefined, text);
  }
});

test('property: whatever is encoded comes back, and nothing is accepted that is not its own encoding', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      assert.deepEqual(Buffer.from(decodeBase64(Buffer.from(bytes).toString('base64')) ?? []), Buffer.from(bytes));
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'AQgw+/=_- \n'), maxLength: 12 }), (text) => {
      const bytes = decodeBase64(text);
      if (bytes !== undefined && text !== '=') assert.equal(Buffer.from(bytes).toString('base64'), text);
    }),
  );
});
