import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { HINT } from '@starling/contracts';
import fc from 'fast-check';
import { type Copyable, hintsOfAnswer, mayBeCopied, shouldCopy } from './should-copy.ts';

const CHAT: Copyable = { type: 'chat', hints: 0, isSent: false, isOtherFull: true, answersCopied: false };
const { body, noCopy, conversation, invitation, occupant, retraction } = HINT;

type Row = readonly [title: string, of: Partial<Copyable>, copy: boolean];

const TABLE: readonly Row[] = [
  ['§6.1 chat', {}, true],
  ['§6.1 chat that is sent', { isSent: true }, true],
  ['§6.1 chat with a retraction (XEP-0424)', { hints: retraction }, true],
  ['§6.1 normal with a body', { type: '', hints: body }, true],
  ['§6.1 normal with a body, said so', { type: 'normal', hints: body }, true],
  ['RFC 6121 §5.2.2 an unknown type is normal', { type: 'weird', hints: body }, true],
  ['§6.1 normal without one', { type: '' }, false],
  ['§6.1 normal with payload of conversations', { type: '', hints: conversation }, true],
  ['§6.1 payload of conversations in a headline', { type: 'headline', hints: conversation }, true],
  ['§6.1 a headline is no message of a conversation', { type: 'headline', hints: body }, false],
  ['§9 private', { hints: body | noCopy }, false],
  ['§9 private, sent', { hints: body | noCopy, isSent: true }, false],
  ['§9 private is stronger than anything', { hints: noCopy | conversation | invitation }, false],
  ['§6.1 an error about what was copied', { type: 'error', answersCopied: true }, true],
  ['§6.1 an error about something else', { type: 'error' }, false],
  ['§6.1 an error of the server’s, about what was copied', { type: 'error', hints: HINT.answersCopied }, true],
  ['§6.1 groupchat', { type: 'groupchat', hints: body }, false],
  ['§6.1 groupchat with payload of conversations', { type: 'groupchat', hints: conversation }, false],
  ['§6.1 an invitation (XEP-0249, XEP-0045)', { type: '', hints: invitation, isOtherFull: false }, true],
  ['§6.1 an invitation that is sent', { type: '', hints: invitation, isSent: true }, true],
  ['§6.1 to an occupant', { hints: body | occupant, isSent: true }, true],
  ['§6.1 to an occupant, whatever it holds', { type: '', hints: occupant, isSent: true }, true],
  ['§6.1 from an occupant', { hints: body | occupant }, false],
  ['§6.1 from the room itself', { type: '', hints: body | occupant, isOtherFull: false }, true],
];

for (const [title, of, copy] of TABLE) {
  test(`${title} → ${copy ? 'copied' : 'not copied'}`, () => {
    const decided = shouldCopy({ ...CHAT, ...of });
    assert.equal(decided.copy, copy, decided.reason);
    assert.notEqual(decided.reason, '');
  });
}

describe('property:', () => {
  const copyable: fc.Arbitrary<Copyable> = fc.record(
    {
      type: fc.constantFrom('', 'normal', 'chat', 'headline', 'groupchat', 'error', 'weird'),
      hints: fc.nat(255),
      isSent: fc.boolean(),
      isOtherFull: fc.boolean(),
      answersCopied: fc.boolean(),
    },
    { noNullPrototype: true },
  );

  it('§9 what asks for no copies has none', () => {
    fc.assert(
      fc.property(copyable, (of) => {
        fc.pre(of.type !== 'error');
        assert.equal(shouldCopy({ ...of, hints: of.hints | noCopy }).copy, false);
      }),
    );
  });

  it('XEP-0334 §5 of an error nothing counts but what it answers, and nothing else does unless it is one', () => {
    fc.assert(
      fc.property(copyable, (of) => {
        const isAnswer = of.answersCopied || (of.hints & HINT.answersCopied) !== 0;
        if (of.type === 'error') assert.equal(shouldCopy(of).copy, isAnswer);
        else assert.deepEqual(shouldCopy(of), shouldCopy({ ...of, answersCopied: !of.answersCopied }));
      }),
    );
  });

  it('the sender’s edge publishes everything that may be copied', () => {
    fc.assert(
      fc.property(copyable, (of) => {
        if (!shouldCopy({ ...of, isSent: true }).copy) return;
        assert.equal(mayBeCopied(of.type, of.hints), true);
        assert.equal(hintsOfAnswer(of.type, of.hints), HINT.answersCopied);
      }),
    );
  });
});
