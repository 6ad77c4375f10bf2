import { looksLike, type SubscriptionState } from './state.ts';
import { inbound, outbound, type SubscriptionType } from './transition.ts';

/** One step of what a stanza between two users does, in order. */
export interface Step {
  readonly side: 'user' | 'contact';
  /** Of that side, behind this step. */
  readonly state: SubscriptionState;
  /** Goes to that side's resources, before the push: the stanza, or the answer on the contact's behalf. */
  readonly deliver: 'stanza' | 'reply' | undefined;
  /** A client of that side sees another item now. */
  readonly push: boolean;
  /** The other's request waits for an answer of that side, or does not any more. */
  readonly requestedChanged: boolean;
}

/**
 * All that a stanza from a user does to him and to his contact, auto-replies included. `contact` undefined: there is nobody here whose
 * side could change (RFC 6121 §8.5.1), or he is not to hear of it. Steps that do nothing are left out.
 */
export function exchange(
  user: SubscriptionState,
  contact: SubscriptionState | undefined,
  type: SubscriptionType,
): readonly Step[] {
  const out = outbound(user, type);
  const steps = [step('user', user, out.state, undefined)];
  if (contact !== undefined && out.route) {
    const came = inbound(contact, type);
    steps.push(step('contact', contact, came.state, came.deliver ? 'stanza' : undefined));
    if (came.reply) {
      const answered = inbound(out.state, 'subscribed');
      steps.push(step('user', out.state, answered.state, answered.deliver ? 'reply' : undefined));
    }
  }
  return steps.filter((s) => s.push || s.requestedChanged || s.deliver !== undefined);
}

/** All that a stanza from elsewhere, or in the name of somebody who is gone, does to the user whom it is for. */
export function arrival(user: SubscriptionState, type: SubscriptionType): readonly Step[] {
  const came = inbound(user, type);
  const made = step('user', user, came.state, came.deliver ? 'stanza' : undefined);
  return made.push || made.requestedChanged || made.deliver !== undefined ? [made] : [];
}

const step = (
  side: Step['side'],
  before: SubscriptionState,
  state: SubscriptionState,
  deliver: Step['deliver'],
): Step => ({
  side,
  state,
  deliver,
  push: !looksLike(before, state),
  requestedChanged: before.requested !== state.requested,
});
