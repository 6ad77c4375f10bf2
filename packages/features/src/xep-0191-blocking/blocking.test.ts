import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BlockList, blocks } from '@starling/contracts';
import { hostOne, type OneFeature, type TestSession, testSession } from '@starling/feature-api/testing/host-one';
import { type BareJid, type Jid, parseJid } from '@starling/jid';
import { el, Stanza, StanzaError, type StanzaKind } from '@starling/stanza';
import { serialize } from '@starling/xml';
import blocking from './blocking.ts';
import { blockingElement, NS } from './request.ts';

const ROMEO = 'romeo@localhost' as BareJid;
const TYBALT = parseJid('tybalt@localhost/street');
type Change = { block: string[]; unblock: string[]; unblockAll: boolean };

/** One session of romeo's, bound. */
async function bound(jids: readonly string[], session = testSession()): Promise<OneFeature & { session: TestSession }> {
  let version = 1;
  const feature = hostOne(blocking, {
    answers: {
      [blocks.list.subject]: () => ({ version, jids, cleared: false }),
      [blocks.change.subject]: ({ block, unblock }: Change): BlockList => ({
        version: ++version,
        jids: [...jids.filter((jid) => !unblock.includes(jid)), ...block],
        cleared: false,
      }),
    },
  });
  assert.equal(await feature.hosted.hooks.run('session:bound', { session }), 'next');
  return { ...feature, session };
}
const item = (jid: string) => el('item', NS.blocking, { jid });
const send = ({ hosted, session }: Awaited<ReturnType<typeof bound>>, kind: StanzaKind, to: Jid | '') =>
  hosted.hooks.run('client:stanza', { session, stanza: Stanza.build(kind, { to }) });
const deliver = (
  { hosted }: Pick<OneFeature, 'hosted'>,
  kind: StanzaKind,
  type = '',
  { from = TYBALT, durable = false }: { from?: Jid; durable?: boolean } = {},
) => hosted.hooks.runNow('user:stanza', { user: ROMEO, from, kind, type, durable });
const conditionOf = (verdict: unknown) => (verdict instanceof StanzaError ? verdict.condition : verdict);

describe('blocking', () => {
  it('§3.3 out: not-acceptable with <blocked/>, whatever the stanza is', async () => {
    const world = await bound(['tybalt@localhost']);
    for (const kind of ['message', 'presence', 'iq'] as const) {
      const verdict = await send(world, kind, TYBALT);
      assert.ok(verdict instanceof StanzaError);
      assert.deepEqual(
        [verdict.condition, verdict.type, verdict.app?.name, verdict.app?.ns],
        ['not-acceptable', 'cancel', 'blocked', NS.errors],
      );
    }
    assert.equal(await send(world, 'message', parseJid('juliet@localhost')), 'next');
    assert.equal(await send(world, 'presence', ''), 'next', 'a broadcast is the presence service’s');
  });

  it('§3.3 in: presence without a word, requests and messages with the error of who is not there', async () => {
    const world = await bound(['tybalt@localhost']);
    const verdicts = [
      ...['', 'unavailable', 'subscribe', 'probe'].map((type) => deliver(world, 'presence', type)),
      ...['', 'chat', 'error'].map((type) => deliver(world, 'message', type)),
      ...['get', 'set', 'result', 'error'].map((type) => deliver(world, 'iq', type)),
    ];
    const silent = Array.from({ length: 4 }, () => 'handled');
    const unavailable = (count: number) => Array.from({ length: count }, () => 'service-unavailable');
    assert.deepEqual(verdicts.map(conditionOf), [
      ...silent,
      ...unavailable(3),
      ...unavailable(2),
      'handled',
      'handled',
    ]);
    assert.equal(deliver(world, 'message', 'chat', { from: parseJid('juliet@localhost/x') }), 'next');
  });

  it('the server itself is not blocked with its domain, nor are own resources', async () => {
    const world = await bound(['localhost', 'romeo@localhost']);
    assert.equal(await send(world, 'iq', parseJid('localhost')), 'next');
    assert.equal(await send(world, 'iq', parseJid('romeo@localhost/home')), 'next');
    assert.equal(deliver(world, 'message', '', { from: parseJid('localhost') }), 'next');
    assert.equal(deliver(world, 'message', '', { from: parseJid('romeo@localhost/home') }), 'next');
    assert.equal(conditionOf(deliver(world, 'message')), 'service-unavailable');
  });

  it('what is changed counts at once for what is live; for the log in its turn', async () => {
    const world = await bound([]);
    assert.equal(
      await world.iq('set', '', el('block', NS.blocking, {}, item('Tybalt@localhost')), world.session),
      undefined,
    );
    assert.equal(conditionOf(deliver(world, 'message')), 'service-unavailable');
    assert.equal(conditionOf(await send(world, 'message', TYBALT)), 'not-acceptable');
    assert.equal(deliver(world, 'message', '', { durable: true }), 'next');
    const list = { version: 2, jids: ['tybalt@localhost'], cleared: false };
    world.hosted.hooks.runNow('user:blocks', { user: ROMEO, list, sessions: [] });
    assert.equal(conditionOf(deliver(world, 'message', '', { durable: true })), 'service-unavailable');
  });

  it('§3.3 to §3.5 changes are pushed to who has asked for the list', async () => {
    const world = await bound(['a@x']);
    const other = testSession('romeo@localhost/other');
    const answer = await world.iq('get', '', el('blocklist', NS.blocking), world.session);
    assert.ok(typeof answer === 'object');
    assert.equal(serialize(answer), `<blocklist xmlns='${NS.blocking}'><item jid='a@x'/></blocklist>`);
    const sessions = [world.session, other];
    for (const list of [
      { version: 2, jids: ['b@x', 'c'], cleared: false },
      { version: 3, jids: [], cleared: true },
    ])
      world.hosted.hooks.runNow('user:blocks', { user: ROMEO, list, sessions });
    const pushes = world.session.sent.map((stanza) => {
      assert.ok(stanza instanceof Stanza);
      assert.deepEqual([stanza.kind, stanza.type, stanza.to], ['iq', 'set', world.session.jid]);
      const payload = stanza.firstChild();
      return payload && serialize(payload);
    });
    assert.deepEqual(pushes, [
      serialize(blockingElement('unblock', ['a@x'])),
      serialize(blockingElement('block', ['b@x', 'c'])),
      serialize(blockingElement('unblock', [])),
    ]);
    assert.deepEqual(other.sent, []);
  });

  it('the conditions', async () => {
    const { iq, session, asked } = await bound([]);
    const before = asked.length;
    for (const [payload, condition] of [
      [el('block', NS.blocking), 'bad-request'],
      [el('block', NS.blocking, {}, el('item', NS.blocking)), 'bad-request'],
      [el('block', NS.blocking, {}, item('a@b@c')), 'jid-malformed'],
      [el('unblock', NS.blocking, {}, item('@')), 'jid-malformed'],
    ] as const)
      assert.equal(await iq('set', '', payload, session), condition);
    assert.equal(await iq('set', 'juliet@localhost', el('block', NS.blocking, {}, item('a@b'))), 'service-unavailable');
    assert.equal(asked.length, before, 'nobody was asked');
    await iq('set', '', el('unblock', NS.blocking), session);
    assert.deepEqual(asked.at(-1)?.request, { user: ROMEO, block: [], unblock: [], unblockAll: true });
  });

  it('fails closed: without its list no session is bound, and nothing passes', async () => {
    const failures: unknown[] = [];
    const feature = hostOne(blocking, { onHookFailure: (error) => failures.push(error) });
    const verdict = await feature.hosted.hooks.run('session:bound', { session: testSession() });
    assert.ok(verdict instanceof StanzaError);
    assert.deepEqual([verdict.condition, verdict.type], ['resource-constraint', 'wait']);
    assert.equal(conditionOf(deliver(feature, 'message')), 'internal-server-error');
    assert.equal(failures.length, 1);
  });

  it('what a session sent before it ended is judged by the list of then', async () => {
    const world = await bound(['tybalt@localhost']);
    await world.hosted.hooks.run('session:ended', { session: world.session });
    assert.equal(conditionOf(await send(world, 'message', TYBALT)), 'not-acceptable');
    assert.equal(await send(world, 'message', parseJid('juliet@localhost')), 'next');
  });

  it('XEP-0198: goes on elsewhere without asking for the list, unless it is long', async () => {
    for (const [jids, isAsked] of [
      [[], false],
      [['tybalt@localhost', 'nurse@localhost'], false],
      [Array.from({ length: 2_000 }, (_, i) => `somebody${i}@example.com`), true],
    ] as const) {
      const before = await bound(jids);
      const kept = new Map<string, string>();
      before.hosted.hooks.runNow('session:saved', { session: before.session, kept });
      const asked: string[] = [];
      const list = () => {
        asked.push('list');
        return { version: 1, jids, cleared: false };
      };
      const { hosted } = hostOne(blocking, { answers: { [blocks.list.subject]: list } });
      const session = testSession();
      assert.equal(await hosted.hooks.run('session:bound', { session, kept }), 'next');
      assert.equal(asked.length, isAsked ? 1 : 0);
      assert.equal(deliver({ hosted }, 'presence'), jids.includes('tybalt@localhost' as never) ? 'handled' : 'next');
      // What came behind that is in the log.
      const change = { version: 2, jids: [], cleared: true };
      hosted.hooks.runNow('user:blocks', { user: ROMEO, list: change, sessions: [session] });
      assert.equal(deliver({ hosted }, 'presence'), 'next');
    }
  });
});
