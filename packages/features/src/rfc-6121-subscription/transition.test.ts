import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { STATES, type StateName, type SubscriptionState } from './state.ts';
import { inbound, outbound, SUBSCRIPTION_TYPES, type SubscriptionType } from './transition.ts';

const approved = (name: StateName): SubscriptionState => ({ ...STATES[name], approved: true });
const describeState = (state: SubscriptionState): string => {
  const name = (Object.keys(STATES) as StateName[]).find((n) => {
    const { subscription, ask, requested } = STATES[n];
    return subscription === state.subscription && ask === state.ask && requested === state.requested;
  });
  return `${name ?? 'none of the nine'}${state.approved ? ', approved' : ''}`;
};

/** Existing state, whether it is routed or delivered, new state ('': no change); `reply`: answered 'subscribed' on behalf. */
type Row = readonly [
  state: StateName,
  passed: 'MUST' | 'MUST NOT' | 'reply',
  next: StateName | 'approved' | '',
  why?: string,
];
interface Table {
  readonly title: string;
  readonly direction: 'outbound' | 'inbound';
  readonly type: SubscriptionType;
  readonly rows: readonly Row[];
}

const TABLES: readonly Table[] = [
  {
    title: 'A.2.1 outbound subscribe (§3.1.2)',
    direction: 'outbound',
    type: 'subscribe',
    rows: [
      ['None', 'MUST', 'None + Pending Out'],
      ['None + Pending Out', 'MUST', ''],
      ['None + Pending In', 'MUST', 'None + Pending Out+In'],
      ['None + Pending Out+In', 'MUST', ''],
      ['To', 'MUST', ''],
      ['To + Pending In', 'MUST', ''],
      ['From', 'MUST', 'From + Pending Out'],
      ['From + Pending Out', 'MUST', ''],
      ['Both', 'MUST', ''],
    ],
  },
  {
    title: 'A.2.2 outbound unsubscribe (§3.3.2)',
    direction: 'outbound',
    type: 'unsubscribe',
    rows: [
      ['None', 'MUST', ''],
      ['None + Pending Out', 'MUST', 'None'],
      ['None + Pending In', 'MUST', ''],
      ['None + Pending Out+In', 'MUST', 'None + Pending In'],
      ['To', 'MUST', 'None'],
      ['To + Pending In', 'MUST', 'None + Pending In'],
      ['From', 'MUST', ''],
      ['From + Pending Out', 'MUST', 'From'],
      ['Both', 'MUST', 'From'],
    ],
  },
  {
    title: 'A.2.3 outbound subscribed (§3.1.5, §3.4.2)',
    direction: 'outbound',
    type: 'subscribed',
    rows: [
      ['None', 'MUST NOT', 'approved', '§3.4.2 rule 3: pre-approval'],
      ['None + Pending Out', 'MUST NOT', 'approved', '§3.4.2 rule 3: pre-approval'],
      ['None + Pending In', 'MUST', 'From', '§3.4.2 rule 2'],
      ['None + Pending Out+In', 'MUST', 'From + Pending Out', '§3.4.2 rule 2'],
      ['To', 'MUST NOT', 'approved', '§3.4.2 rule 3: pre-approval'],
      ['To + Pending In', 'MUST', 'Both', '§3.4.2 rule 2'],
      ['From', 'MUST NOT', '', '§3.4.2 rule 1: silently ignored'],
      ['From + Pending Out', 'MUST NOT', '', '§3.4.2 rule 1: silently ignored'],
      ['Both', 'MUST NOT', '', '§3.4.2 rule 1: silently ignored'],
    ],
  },
  {
    title: 'A.2.4 outbound unsubscribed (§3.2.2)',
    direction: 'outbound',
    type: 'unsubscribed',
    rows: [
      ['None', 'MUST NOT', ''],
      ['None + Pending Out', 'MUST NOT', ''],
      ['None + Pending In', 'MUST', 'None', '§3.1.4: denied'],
      ['None + Pending Out+In', 'MUST', 'None + Pending Out', '§3.1.4: denied'],
      ['To', 'MUST NOT', ''],
      ['To + Pending In', 'MUST', 'To', '§3.1.4: denied'],
      ['From', 'MUST', 'None'],
      ['From + Pending Out', 'MUST', 'None + Pending Out'],
      ['Both', 'MUST', 'To'],
    ],
  },
  {
    title: 'A.3.1 inbound subscribe (§3.1.3)',
    direction: 'inbound',
    type: 'subscribe',
    rows: [
      ['None', 'MUST', 'None + Pending In'],
      ['None + Pending Out', 'MUST', 'None + Pending Out+In'],
      ['None + Pending In', 'MUST NOT', '', 'one request of a contact'],
      ['None + Pending Out+In', 'MUST NOT', '', 'one request of a contact'],
      ['To', 'MUST', 'To + Pending In'],
      ['To + Pending In', 'MUST NOT', '', 'one request of a contact'],
      ['From', 'reply', ''],
      ['From + Pending Out', 'reply', ''],
      ['Both', 'reply', ''],
    ],
  },
  {
    title: 'A.3.2 inbound unsubscribe (§3.3.3)',
    direction: 'inbound',
    type: 'unsubscribe',
    rows: [
      ['None', 'MUST NOT', '', 'silently ignored'],
      ['None + Pending Out', 'MUST NOT', '', 'silently ignored'],
      ['None + Pending In', 'MUST', 'None'],
      ['None + Pending Out+In', 'MUST', 'None + Pending Out'],
      ['To', 'MUST NOT', '', 'silently ignored'],
      ['To + Pending In', 'MUST', 'To'],
      ['From', 'MUST', 'None'],
      ['From + Pending Out', 'MUST', 'None + Pending Out'],
      ['Both', 'MUST', 'To'],
    ],
  },
  {
    title: 'A.3.3 inbound subscribed (§3.1.6)',
    direction: 'inbound',
    type: 'subscribed',
    rows: [
      ['None', 'MUST NOT', '', 'silently ignored'],
      ['None + Pending Out', 'MUST', 'To'],
      ['None + Pending In', 'MUST NOT', '', 'silently ignored'],
      ['None + Pending Out+In', 'MUST', 'To + Pending In'],
      ['To', 'MUST NOT', '', 'silently ignored'],
      ['To + Pending In', 'MUST NOT', '', 'silently ignored'],
      ['From', 'MUST NOT', '', 'silently ignored'],
      ['From + Pending Out', 'MUST', 'Both'],
      ['Both', 'MUST NOT', '', 'silently ignored'],
    ],
  },
  {
    title: 'A.3.4 inbound unsubscribed (§3.2.3)',
    direction: 'inbound',
    type: 'unsubscribed',
    rows: [
      ['None', 'MUST NOT', '', 'silently ignored'],
      ['None + Pending Out', 'MUST', 'None', '§3.1.4: denied'],
      ['None + Pending In', 'MUST NOT', '', 'silently ignored'],
      ['None + Pending Out+In', 'MUST', 'None + Pending In', '§3.1.4: denied'],
      ['To', 'MUST', 'None'],
      ['To + Pending In', 'MUST', 'None + Pending In'],
      ['From', 'MUST NOT', '', 'silently ignored'],
      ['From + Pending Out', 'MUST', 'From', '§3.1.4: denied'],
      ['Both', 'MUST', 'From'],
    ],
  },
];

for (const { title, direction, type, rows } of TABLES) {
  describe(`RFC 6121 ${title}`, () => {
    rows.forEach(([name, passed, next, why = ''], i) => {
      it(`row ${i + 1}: "${name}" ${passed} → ${next || 'no change'}${why && ` (${why})`}`, () => {
        const state = STATES[name];
        const expected = next === '' ? state : next === 'approved' ? approved(name) : STATES[next];
        if (direction === 'outbound') {
          const made = outbound(state, type);
          assert.equal(describeState(made.state), describeState(expected));
          assert.equal(made.route, passed === 'MUST');
          return;
        }
        const made = inbound(state, type);
        assert.equal(describeState(made.state), describeState(expected));
        assert.deepEqual([made.deliver, made.reply], [passed === 'MUST', passed === 'reply']);
      });
    });
  });
}

describe('RFC 6121 §3.4.2 with a pre-approval', () => {
  const subscribe: readonly (readonly [StateName, StateName])[] = [
    ['None', 'From'],
    ['None + Pending Out', 'From + Pending Out'],
    ['To', 'Both'],
  ];
  for (const [before, behind] of subscribe) {
    it(`A.3.1 "${before}": subscribe is not delivered, is answered, and makes "${behind}"`, () => {
      const made = inbound(approved(before), 'subscribe');
      assert.deepEqual([made.deliver, made.reply], [false, true]);
      assert.equal(describeState(made.state), `${behind}, approved`);
    });
  }
  for (const name of ['None', 'None + Pending Out', 'To'] as const) {
    it(`§3.2.2 "${name}": unsubscribed takes it back and is not routed`, () => {
      const made = outbound(approved(name), 'unsubscribed');
      assert.equal(made.route, false);
      assert.equal(describeState(made.state), name);
    });
  }
  it('the second note: unsubscribed ends it where a subscription has come of it, too', () => {
    const made = outbound(approved('Both'), 'unsubscribed');
    assert.deepEqual([made.route, describeState(made.state)], [true, 'To']);
  });
  it('nothing else changes it', () => {
    for (const name of Object.keys(STATES) as StateName[]) {
      for (const type of SUBSCRIPTION_TYPES) {
        if (type !== 'unsubscribed') assert.equal(outbound(approved(name), type).state.approved, true);
        assert.equal(inbound(approved(name), type).state.approved, true);
      }
    }
  });
});
