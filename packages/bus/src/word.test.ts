import assert from 'node:assert/strict';
import { it } from 'node:test';
import { requireWord, WORD_CHARS_MAX } from './word.ts';

it('printable ASCII without a space is a word, and nothing else', () => {
  for (let char = 0; char <= 0xffff; char++) {
    const text = `a${String.fromCharCode(char)}b`;
    if (char > 0x20 && char < 0x7f) requireWord(text);
    else assert.throws(() => requireWord(text), TypeError, `U+${char.toString(16)}`);
  }
});

it('a word has a length', () => {
  requireWord('a'.repeat(WORD_CHARS_MAX));
  assert.throws(() => requireWord('a'.repeat(WORD_CHARS_MAX + 1)), TypeError);
  assert.throws(() => requireWord(''), TypeError);
});
