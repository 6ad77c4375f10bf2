import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rosters, SESSION_STATE, SUBSCRIPTION, type Subscription } from '@starling/contracts';
import { hostOne } from '@starling/feature-api/testing/host-one';
import { el } from '@starling/stanza';
import { serialize } from '@starling/xml';
import { NS } from './answers.ts';
import disco from './disco.ts';

const JULIET = 'juliet@localhost';
const row = { session: 's', priority: 0, boundAt: 1, edge: 'e1', carbons: false, epoch: 0 };

/** Another account with one available and one connected resource, as somebody with this subscription sees it. */
function seenBy(subscription: Subscription, exists = true) {
  const feature = hostOne(disco, {
    answers: { [rosters.contact.subject]: () => ({ exists, subscription }) },
    sessions: {
      [JULIET]: [
        { ...row, resource: 'balcony', state: SESSION_STATE.available },
        { ...row, resource: 'silent', state: SESSION_STATE.connected },
      ],
    },
  });
  return async (ns: string, node?: string): Promise<string> => {
    const answer = await feature.iq('get', JULIET, el('query', ns, node === undefined ? {} : { node }));
    return typeof answer === 'object' ? serialize(answer) : (answer ?? '');
  };
}

describe('disco of another account', () => {
  it('§8 who may see its presence sees what it is, and its available resources', async () => {
    for (const subscription of [SUBSCRIPTION.from, SUBSCRIPTION.both]) {
      const ask = seenBy(subscription);
      assert.match(await ask(NS.info), /<identity category='account' type='registered'\/>/);
      assert.equal(await ask(NS.items), `<query xmlns='${NS.items}'><item jid='${JULIET}/balcony'/></query>`);
      assert.equal(await ask(NS.info, 'x'), 'item-not-found');
      assert.equal(await ask(NS.items, 'x'), 'item-not-found');
    }
  });

  it('§8 for all others it is not there, whether it is or not', async () => {
    for (const ask of [seenBy(SUBSCRIPTION.none), seenBy(SUBSCRIPTION.to), seenBy(SUBSCRIPTION.both, false)]) {
      assert.equal(await ask(NS.info), 'service-unavailable');
      assert.equal(await ask(NS.info, 'x'), 'service-unavailable');
      assert.equal(await ask(NS.items), `<query xmlns='${NS.items}'/>`);
      assert.equal(await ask(NS.items, 'x'), `<query xmlns='${NS.items}' node='x'/>`);
    }
  });
});
