import { HINT, hasHint } from '@starling/contracts';

/** What the rules need to know of a message, seen from the user whose other sessions may get a copy. */
export interface Copyable {
  /** The type attribute, '' when there is none. */
  readonly type: string;
  /** HINT. */
  readonly hints: number;
  /** The user has sent it. */
  readonly isSent: boolean;
  /** The other side's address has a resource: of an occupant, if it is a room. */
  readonly isOtherFull: boolean;
  /** Of an error, if its hints do not say so: what it answers was copied. */
  readonly answersCopied: boolean;
}

/** Whether there are copies, and why: the reason is for tests. */
export interface Decision {
  readonly copy: boolean;
  readonly reason: string;
}

const decide = (copy: boolean, reason: string): Decision => Object.freeze({ copy, reason });
const DECISION = {
  groupchat: decide(false, 'groupchat'),
  answers: decide(true, 'an error about what was copied'),
  strayError: decide(false, 'an error about what was not copied'),
  noCopy: decide(false, 'asks for no copies'),
  invitation: decide(true, 'an invitation to a room'),
  fromOccupant: decide(false, 'the room sends it to all clients that have joined'),
  toOccupant: decide(true, 'to an occupant of a room'),
  chat: decide(true, 'chat'),
  conversation: decide(true, 'belongs to a conversation'),
  body: decide(true, 'normal, with a body'),
  other: decide(false, 'no part of a conversation'),
} as const;

/** Whether a message is eligible for carbons: §6.1, all of it, as `urn:xmpp:carbons:rules:0` promises (§6.2), and XEP-0334 §4.3. */
export function shouldCopy({ type, hints, isSent, isOtherFull, answersCopied }: Copyable): Decision {
  if (type === 'groupchat') return DECISION.groupchat;
  if (type === 'error')
    return answersCopied || hasHint(hints, HINT.answersCopied) ? DECISION.answers : DECISION.strayError;
  if (hasHint(hints, HINT.noCopy)) return DECISION.noCopy;
  if (hasHint(hints, HINT.invitation)) return DECISION.invitation;
  if (hasHint(hints, HINT.occupant) && isOtherFull) return isSent ? DECISION.toOccupant : DECISION.fromOccupant;
  if (type === 'chat') return DECISION.chat;
  if (hasHint(hints, HINT.conversation)) return DECISION.conversation;
  return type !== 'headline' && hasHint(hints, HINT.body) ? DECISION.body : DECISION.other;
}

/** As far as the sender's edge can tell of a message that he sends: of an error only others know what it answers. */
export function mayBeCopied(type: string, hints: number): boolean {
  return shouldCopy({ type, hints, isSent: true, isOtherFull: true, answersCopied: true }).copy;
}

/** The hints of an error that the server sends in answer to this message: its sender's other sessions have seen a copy of the message. */
export function hintsOfAnswer(type: string, hints: number): number {
  return mayBeCopied(type, hints) ? HINT.answersCopied : 0;
}
