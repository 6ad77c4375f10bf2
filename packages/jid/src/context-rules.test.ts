import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Context } from './context-rules.ts';
import { JidError, prepareLocal, prepareResource } from './index.ts';

it('what a rule asks of all characters is looked for once, however many of them ask', () => {
  for (const [asking, other, allowed] of [
    ['\u30fb', '漢', true],
    ['\u30fb', 'a', false],
    ['\u0660', '\u0661', true],
    ['\u06f0', '\u06f1', true],
    ['\u0660', '\u06f0', false],
  ] as const) {
    const chars = [...asking.repeat(1_000), other];
    let looks = 0;
    chars.some = (predicate: (char: string, at: number, all: string[]) => unknown) => {
      looks++;
      return Array.prototype.some.call(chars, predicate as never);
    };
    const context = new Context(chars);
    for (let at = 0; at < chars.length - 1; at++) assert.equal(context.isAllowed(at), allowed);
    assert.equal(looks, 1);
  }
});

it('a part that is too long is refused before its characters are looked at', () => {
  // 342 of them are 1,026 bytes; alone they would not be allowed.
  for (const prepare of [prepareLocal, prepareResource])
    assert.throws(
      () => prepare('\u30fb'.repeat(342)),
      (error) => error instanceof JidError && error.message.includes('too long'),
    );
});
