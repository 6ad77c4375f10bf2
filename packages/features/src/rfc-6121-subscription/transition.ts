import { SUBSCRIPTION, type Subscription, seenByContact, seesContact } from '@starling/contracts';
import type { SubscriptionState } from './state.ts';

/** The types of presence that manage subscriptions (RFC 6121 §3). */
export const SUBSCRIPTION_TYPES = ['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'] as const;
export type SubscriptionType = (typeof SUBSCRIPTION_TYPES)[number];

export const isSubscriptionType = (type: string): type is SubscriptionType =>
  (SUBSCRIPTION_TYPES as readonly string[]).includes(type);

export interface Outbound {
  readonly state: SubscriptionState;
  /** Whether the stanza goes on to the contact. */
  readonly route: boolean;
}

export interface Inbound {
  readonly state: SubscriptionState;
  /** Whether the stanza goes on to the user's resources. */
  readonly deliver: boolean;
  /** The user's server answers 'subscribed' on his behalf. */
  readonly reply: boolean;
}

const NOT: Subscription = SUBSCRIPTION.both;
const withTo = (s: Subscription) => (s | SUBSCRIPTION.to) as Subscription;
const withFrom = (s: Subscription) => (s | SUBSCRIPTION.from) as Subscription;
const withoutTo = (s: Subscription) => (s & (NOT ^ SUBSCRIPTION.to)) as Subscription;
const withoutFrom = (s: Subscription) => (s & (NOT ^ SUBSCRIPTION.from)) as Subscription;

/** What a stanza does to the side of the user who sends it (RFC 6121 Appendix A.2). */
export function outbound(state: SubscriptionState, type: SubscriptionType): Outbound {
  const { subscription, requested } = state;
  switch (type) {
    case 'subscribe': // A.2.1, §3.1.2
      return { state: seesContact(subscription) ? state : { ...state, ask: true }, route: true };
    case 'unsubscribe': // A.2.2, §3.3.2
      return { state: { ...state, subscription: withoutTo(subscription), ask: false }, route: true };
    case 'subscribed': // A.2.3, §3.1.5, §3.4.2
      if (seenByContact(subscription)) return { state, route: false };
      if (!requested) return { state: { ...state, approved: true }, route: false };
      return { state: { ...state, subscription: withFrom(subscription), requested: false }, route: true };
    case 'unsubscribed': // A.2.4, §3.2.2: it also ends a pre-approval, in whatever state (§3.4.2, second note)
      return {
        state: { ...state, subscription: withoutFrom(subscription), requested: false, approved: false },
        route: seenByContact(subscription) || requested,
      };
  }
}

/** What a stanza does to the side of the user whom it is for (RFC 6121 Appendix A.3). */
export function inbound(state: SubscriptionState, type: SubscriptionType): Inbound {
  const { subscription, ask, requested, approved } = state;
  const ignored: Inbound = { state, deliver: false, reply: false };
  switch (type) {
    case 'subscribe': // A.3.1, §3.1.3
      if (seenByContact(subscription)) return { ...ignored, reply: true };
      if (approved) {
        // §3.4.2: the approval stays until the user takes it back; that is one of the two ways which the first note leaves.
        return {
          state: { ...state, subscription: withFrom(subscription), requested: false },
          deliver: false,
          reply: true,
        };
      }
      return requested ? ignored : { state: { ...state, requested: true }, deliver: true, reply: false };
    case 'unsubscribe': // A.3.2, §3.3.3
      // The text wants a request that is taken back ignored, the table wants it delivered: a client that shows it must hear of it.
      if (!seenByContact(subscription) && !requested) return ignored;
      return {
        state: { ...state, subscription: withoutFrom(subscription), requested: false },
        deliver: true,
        reply: false,
      };
    case 'subscribed': // A.3.3, §3.1.6
      if (!ask) return ignored;
      return { state: { ...state, subscription: withTo(subscription), ask: false }, deliver: true, reply: false };
    case 'unsubscribed': // A.3.4, §3.2.3; of a request that is denied the text of the section says nothing, the table does
      if (!seesContact(subscription) && !ask) return ignored;
      return { state: { ...state, subscription: withoutTo(subscription), ask: false }, deliver: true, reply: false };
  }
}
