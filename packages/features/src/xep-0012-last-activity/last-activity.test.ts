import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { personal, SESSION_STATE } from '@starling/contracts';
import { hostOne } from '@starling/feature-api/testing/host-one';
import { el } from '@starling/stanza';
import { serialize } from '@starling/xml';
import lastActivity, { NS } from './last-activity.ts';

const QUERY = el('query', NS.last);
const JULIET = 'juliet@localhost';
const row = {
  ...{ resource: 'balcony', session: 's', state: SESSION_STATE.connected, priority: 0 },
  ...{ boundAt: 1, edge: 'e1', carbons: false, epoch: 0 },
};

/** An account that was last seen some seconds ago, as somebody sees it. */
function seen(secondsAgo: number, status: string, options: { visible?: boolean; isThere?: boolean } = {}) {
  return hostOne(lastActivity, {
    answers: {
      [personal.last.subject]: () => ({
        visible: options.visible ?? true,
        atMs: Date.now() - secondsAgo * 1_000,
        status,
      }),
    },
    sessions: options.isThere ? { [JULIET]: [row] } : {},
  });
}
async function ask(feature: ReturnType<typeof seen>, to: string): Promise<string> {
  const answer = await feature.iq('get', to, QUERY);
  return typeof answer === 'object' ? serialize(answer) : (answer ?? '');
}

describe('last activity', () => {
  it('§3 seconds since the logout, and the status then', async () => {
    assert.equal(
      await ask(seen(903, 'Heading Home'), JULIET),
      `<query xmlns='${NS.last}' seconds='903'>Heading Home</query>`,
    );
    assert.equal(await ask(seen(903, ''), JULIET), `<query xmlns='${NS.last}' seconds='903'/>`);
  });

  it('§3 zero and empty when any resource is there', async () => {
    assert.equal(await ask(seen(903, 'x', { isThere: true }), JULIET), `<query xmlns='${NS.last}' seconds='0'/>`);
  });

  it('§3 who may not see the presence is forbidden, whether anybody is there or not', async () => {
    assert.equal(await ask(seen(903, 'x', { visible: false }), JULIET), 'forbidden');
    assert.equal(await ask(seen(903, 'x', { visible: false, isThere: true }), JULIET), 'forbidden');
  });

  it('a clock that goes ahead elsewhere makes nobody’s past the future', async () => {
    assert.equal(await ask(seen(-5, ''), JULIET), `<query xmlns='${NS.last}' seconds='0'/>`);
  });

  it('§3 the own account is there, §5 the server since its start; neither asks anybody', async () => {
    const feature = hostOne(lastActivity);
    for (const to of ['', 'romeo@localhost', 'localhost'])
      assert.equal(await ask(feature, to), `<query xmlns='${NS.last}' seconds='0'/>`);
    assert.deepEqual(feature.asked, []);
  });
});
