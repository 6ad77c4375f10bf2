import { COPY, type Copy } from '@starling/contracts';
import { isFull, type Jid } from '@starling/jid';

/** What the rule needs to know of an entry of a user's log that no session has covered. */
export interface Uncovered {
  readonly copy: Copy;
  /** The type attribute, '' when there is none. */
  readonly type: string;
  /** As addressed. */
  readonly to: Jid | '';
}

/** Whether it waits, and why: the reason is for tests. */
export interface Waiting {
  readonly waits: boolean;
  readonly reason: string;
}

const decide = (waits: boolean, reason: string): Waiting => Object.freeze({ waits, reason });
const VERDICT = {
  own: decide(false, 'the user has sent it'),
  chat: decide(true, 'chat, to whichever address (RFC 6121 §8.5.2.2.1, §8.5.3.2.1)'),
  normal: decide(true, 'normal, to the bare JID (§8.5.2.2.1)'),
  resource: decide(false, 'normal, to a resource that is not there (§8.5.3.2.1)'),
  type: decide(false, 'of a type that is not stored (XEP-0160 §3)'),
} as const;

/**
 * Which messages wait offline: XEP-0160 §3, and what RFC 6121 §8.5 would have stored. What only says that somebody is typing is no
 * entry of a log in the first place.
 */
export function waitsOffline({ copy, type, to }: Uncovered): Waiting {
  if (copy === COPY.sent) return VERDICT.own;
  if (type === 'chat') return VERDICT.chat;
  if (type === 'headline' || type === 'groupchat' || type === 'error') return VERDICT.type;
  return to !== '' && isFull(to) ? VERDICT.resource : VERDICT.normal; // RFC 6121 §5.2.2: an unknown type is normal
}
