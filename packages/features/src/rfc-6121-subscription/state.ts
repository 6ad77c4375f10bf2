import { SUBSCRIPTION, type Subscription, seenByContact, seesContact } from '@starling/contracts';

/**
 * What one user's side knows of a contact (RFC 6121 Appendix A.1). Of the combinations only nine are states: nobody asks for what he
 * has. `approved` is apart from them (§3.4).
 */
export interface SubscriptionState {
  readonly subscription: Subscription;
  /** Pending Out: the user's request waits for the contact's answer. */
  readonly ask: boolean;
  /** Pending In: the contact's request waits for the user's answer. No client sees it in the roster. */
  readonly requested: boolean;
  /** The contact's next request is answered on the user's behalf (§3.4). */
  readonly approved: boolean;
}

const state = (subscription: Subscription, ...pending: ('ask' | 'requested')[]): SubscriptionState =>
  Object.freeze({
    subscription,
    ask: pending.includes('ask'),
    requested: pending.includes('requested'),
    approved: false,
  });

const { none, to, from, both } = SUBSCRIPTION;

/** The nine states, by the names of Appendix A.1, none of them pre-approved. */
export const STATES = {
  None: state(none),
  'None + Pending Out': state(none, 'ask'),
  'None + Pending In': state(none, 'requested'),
  'None + Pending Out+In': state(none, 'ask', 'requested'),
  To: state(to),
  'To + Pending In': state(to, 'requested'),
  From: state(from),
  'From + Pending Out': state(from, 'ask'),
  Both: state(both),
} as const satisfies Readonly<Record<string, SubscriptionState>>;

export type StateName = keyof typeof STATES;

/** Whether it is one of the nine. */
export const isState = ({ subscription, ask, requested }: SubscriptionState): boolean =>
  !(ask && seesContact(subscription)) && !(requested && seenByContact(subscription));

/** Whether a client sees the same in both: only what it sees is pushed, and makes a version (RFC 6121 §2.6.3). */
export const looksLike = (a: SubscriptionState, b: SubscriptionState): boolean =>
  a.subscription === b.subscription && a.ask === b.ask && a.approved === b.approved;
