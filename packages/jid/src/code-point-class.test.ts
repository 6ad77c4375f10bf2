import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classOf } from './code-point-class.ts';

const codePoints = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i));
const classesIn = (from: number, to: number) => [...new Set(codePoints(from, to).map(classOf))].sort();

describe('RFC 8264 §8', () => {
  it('ASCII', () => {
    assert.deepEqual(classesIn(0x00, 0x1f), ['disallowed']);
    assert.equal(classOf(' '), 'freeform');
    assert.deepEqual(classesIn(0x21, 0x7e), ['valid']);
    assert.deepEqual(classesIn(0x7f, 0x9f), ['disallowed']);
  });

  it('ideographs are valid, their compatibility forms are not identifiers', () => {
    assert.deepEqual(classesIn(0x4e00, 0x9fff), ['valid']);
    assert.deepEqual(classesIn(0xac00, 0xd7a3), ['valid']);
    assert.deepEqual(classesIn(0x3041, 0x3096), ['valid']);
    assert.deepEqual(classesIn(0xff01, 0xff60), ['freeform']);
    assert.deepEqual(classesIn(0x2460, 0x2473), ['freeform']);
  });

  it('never: surrogates, private use, noncharacters, jamo', () => {
    assert.deepEqual(classesIn(0xd800, 0xdfff), ['disallowed']);
    assert.deepEqual(classesIn(0xe000, 0xf8ff), ['disallowed']);
    assert.deepEqual(classesIn(0xfdd0, 0xfdef), ['disallowed']);
    assert.deepEqual(classesIn(0x1100, 0x11ff), ['disallowed']);
    assert.deepEqual(classesIn(0x10fffe, 0x10ffff), ['disallowed']);
  });

  it('the exceptions of RFC 5892 §2.6', () => {
    for (const char of 'ßς۽۾་〇') assert.equal(classOf(char), 'valid', char);
    for (const char of '·͵׳״・٠٩۰۹\u200c\u200d') assert.equal(classOf(char), 'context', char);
    for (const char of 'ـߺ〮〯〱〵〻') assert.equal(classOf(char), 'disallowed', char);
  });

  it('counts over all of Unicode stay where they are known', () => {
    // Unicode 14 has 130,627 valid code points (compared one by one with an independent table); later versions only add.
    let valid = 0;
    for (let cp = 0; cp <= 0x10ffff; cp++) if (classOf(String.fromCodePoint(cp)) === 'valid') valid++;
    assert.ok(valid >= 130_627 && valid < 200_000, String(valid));
  });
});
