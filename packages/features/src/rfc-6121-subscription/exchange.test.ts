import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seenByContact, seesContact } from '@starling/contracts';
import fc from 'fast-check';
import { arrival, exchange } from './exchange.ts';
import { isState, STATES, type SubscriptionState } from './state.ts';
import { SUBSCRIPTION_TYPES, type SubscriptionType } from './transition.ts';

type Pair = readonly [SubscriptionState, SubscriptionState];

/** Both sides behind a stanza of the one with this index. */
function after(pair: Pair, sender: 0 | 1, type: SubscriptionType): Pair {
  const sides = [pair[0], pair[1]];
  for (const { side, state } of exchange(pair[sender], pair[1 - sender], type))
    sides[side === 'user' ? sender : 1 - sender] = state;
  return sides as unknown as Pair;
}

const summary = (steps: ReturnType<typeof exchange>) =>
  steps.map(
    (s) => `${s.side}: ${[s.deliver, s.push && 'push', s.requestedChanged && 'request'].filter(Boolean).join(' ')}`,
  );

describe('what a stanza does to both sides', () => {
  it('§3.1 a request: the user sees it pending, the contact hears it and his roster is as it was', () => {
    assert.deepEqual(summary(exchange(STATES.None, STATES.None, 'subscribe')), [
      'user: push',
      'contact: stanza request',
    ]);
  });
  it('§3.1.5, §3.1.6 an approval', () => {
    const steps = exchange(STATES['None + Pending In'], STATES['None + Pending Out'], 'subscribed');
    assert.deepEqual(summary(steps), ['user: push request', 'contact: stanza push']);
  });
  it('§3.1.4 a denial shows on the side of the asker only', () => {
    const steps = exchange(STATES['None + Pending In'], STATES['None + Pending Out'], 'unsubscribed');
    assert.deepEqual(summary(steps), ['user: request', 'contact: stanza push']);
  });
  it('§3.1.3 a request for what one has is answered; who has it already hears nothing', () => {
    assert.deepEqual(summary(exchange(STATES.To, STATES.From, 'subscribe')), []);
    assert.deepEqual(summary(exchange(STATES.None, STATES.From, 'subscribe')), ['user: push', 'user: reply push']);
  });
  it('§3.4 a pre-approval: the contact’s roster changes without a request', () => {
    const contact = { ...STATES.None, approved: true };
    assert.deepEqual(summary(exchange(STATES.None, contact, 'subscribe')), [
      'user: push',
      'contact: push',
      'user: reply push',
    ]);
  });
  it('§8.5.1 nobody there: only the user’s side', () => {
    assert.deepEqual(summary(exchange(STATES.None, undefined, 'subscribe')), ['user: push']);
    assert.deepEqual(summary(exchange(STATES.None, undefined, 'unsubscribe')), []);
  });
  it('a stanza from somebody who is gone', () => {
    assert.deepEqual(summary(arrival(STATES.Both, 'unsubscribe')), ['user: stanza push']);
    assert.deepEqual(summary(arrival(STATES.None, 'unsubscribed')), []);
  });
});

describe('under any sequence of stanzas', () => {
  const stanza = fc.tuple(fc.constantFrom<0 | 1>(0, 1), fc.constantFrom(...SUBSCRIPTION_TYPES));

  it('both sides stay within the nine states, and say the same of each other', () => {
    fc.assert(
      fc.property(fc.array(stanza, { maxLength: 40 }), (stanzas) => {
        let pair: Pair = [STATES.None, STATES.None];
        for (const [sender, type] of stanzas) {
          pair = after(pair, sender, type);
          for (const [own, other] of [pair, [pair[1], pair[0]] as Pair]) {
            assert.ok(isState(own));
            assert.equal(seesContact(own.subscription), seenByContact(other.subscription), 'to ⇔ from');
            assert.equal(own.requested, other.ask, 'Pending In ⇔ Pending Out');
          }
        }
      }),
    );
  });

  it('from whatever two states, one request with its answer makes both sides agree in that direction', () => {
    const any = fc
      .tuple(fc.constantFrom(...Object.values(STATES)), fc.boolean())
      .map(([state, approved]): SubscriptionState => ({ ...state, approved }));
    fc.assert(
      fc.property(any, any, (user, contact) => {
        // A side that believes to have a subscription which the other does not know of asks anew: it has to give it up first.
        let pair: Pair = [user, contact];
        pair = after(pair, 0, 'unsubscribe');
        pair = after(pair, 0, 'subscribe');
        pair = after(pair, 1, 'subscribed');
        assert.ok(isState(pair[0]) && isState(pair[1]));
        assert.equal(seesContact(pair[0].subscription), true);
        assert.equal(seenByContact(pair[1].subscription), true);
      }),
    );
  });
});
