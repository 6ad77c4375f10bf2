import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ArchiveIds, type RosterChange, type RosterItem, type RosterReply, type rosters } from '@starling/contracts';
import { type HostedFeatures, hostFeatures, type Session } from '@starling/feature-api';
import { type BareJid, type FullJid, parseJid } from '@starling/jid';
import { loadConfig } from '@starling/runtime';
import { el, NS, Stanza, StanzaError } from '@starling/stanza';
import roster, { clientRosterConfig } from './roster.ts';

const USER = 'romeo@localhost' as BareJid;
const ENV = { STARLING_ROSTER_REPAIR_RETRY: '10ms', STARLING_ROSTER_REPAIR_ATTEMPTS_MAX: '3' };
const lineage = 'x';
const itemOf = (name: string): RosterItem => ({
  ...{ jid: 'juliet@localhost', name, groups: [], subscription: 0, ask: false, approved: false, removed: false },
});

interface Client {
  readonly session: Session;
  readonly got: string[];
}

/** `<presence/>` by its type, a push by version and name, an answer by its version. */
function describeStanza(stanza: Stanza): string {
  if (stanza.kind === 'presence') return stanza.type;
  const query = stanza.child(NS.roster, 'query');
  const [item] = query?.children ?? [];
  return `${query?.attrs.ver ?? '-'} ${typeof item === 'object' ? (item.attrs.name ?? '') : ''}`.trim();
}

function makeClient(resource: string, available = true): Client {
  const got: string[] = [];
  const session: Session = {
    ...{ id: resource, user: USER, jid: `${USER}/${resource}` as FullJid, peerAddress: '', loopback: true },
    ...{ origin: `e1/${resource}`, heardAt: 0, logEnd: undefined, available, slots: new Map(), fail: () => undefined },
    send: (stanza) => void got.push(describeStanza(stanza)),
    deliver: (encoded) => void got.push(describeStanza(Stanza.decode(encoded))),
  };
  return { session, got };
}

describe('the roster feature', () => {
  let hosted: HostedFeatures;
  let answer: () => Promise<RosterReply>;
  let asked: (number | undefined)[];
  beforeEach(() => {
    asked = [];
    answer = () => Promise.reject(new StanzaError('resource-constraint'));
    hosted = hostFeatures('edge', [roster], {
      domain: 'localhost',
      software: { name: 'Starling', version: '0' },
      stanzaBytesMax: 10_000,
      archives: { ids: new ArchiveIds('of a test, and long enough'), streamOf: () => 0, wasRead: () => undefined },
      configOf: () => loadConfig({ roster: clientRosterConfig }, { env: ENV, args: [] }).roster,
      call: async <Request, Reply>(_: unknown, request: Request) => {
        const { known, version } = request as Parameters<typeof rosters.get.encodeRequest>[0];
        asked.push(known ? version?.number : undefined);
        return (await answer()) as Reply;
      },
      wishes: { blocks: () => assert.fail('nobody asks'), preferences: () => assert.fail('nobody asks') },
      sessionsOf: async () => [],
      tellSession: () => undefined,
      makeKeys: async () => [],
      onHookFailure: ({ error }) => assert.fail(String(error)),
    });
  });

  const replyAt = (number: number, ...items: RosterItem[]): RosterReply => ({
    version: { lineage, number },
    ...{ difference: false, items, numbers: [] },
  });
  /** The client asks for its roster, and gets what `reply` says. */
  async function ask({ session, got }: Client, ver?: string): Promise<void> {
    const afterwards: (() => void)[] = [];
    const handler = hosted.iqs.find('get', NS.roster, 'query', 'account');
    const result = await handler?.({
      stanza: Stanza.build('iq', { type: 'get', id: 'r1' }),
      payload: el('query', NS.roster, ver === undefined ? {} : { ver }),
      ...{ session, target: 'account' as const, account: USER },
      onAnswered: (work) => void afterwards.push(work),
    });
    got.push(result === undefined ? 'unchanged' : `roster ${result.attrs.ver}`);
    for (const work of afterwards) work();
  }
  const tell = (clients: readonly Client[], number: number, more: Partial<RosterChange> = {}): void =>
    void hosted.hooks.run('user:roster', {
      user: USER,
      sessions: clients.map((c) => c.session),
      change: {
        version: { lineage, number },
        ...{ item: itemOf(String(number)), contact: 'juliet@localhost', type: '', stanza: new Uint8Array(0) },
        ...more,
      },
    });
  const stanzaOf = (type: string) => ({
    type,
    stanza: Stanza.build('presence', { type, from: parseJid('juliet@localhost'), to: USER }).encode(),
  });
  const until = async (condition: () => boolean) => {
    for (let i = 0; i < 2_000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 1));
    assert.ok(condition());
  };

  it('§2.1.6, §2.2 a push goes to who has asked for the roster', async () => {
    const [interested, other] = [makeClient('phone', false), makeClient('watch')];
    answer = async () => replyAt(3);
    await ask(interested);
    tell([interested, other], 4);
    assert.deepEqual([interested.got, other.got], [['roster x.3', 'x.4 4'], []]);
  });

  it('§3.1.3 a request goes to who is available, §3.1.6 its outcome to who is interested, before the push', async () => {
    const [interested, available] = [makeClient('phone', false), makeClient('watch')];
    answer = async () => replyAt(3);
    await ask(interested);
    tell([interested, available], 3, { ...stanzaOf('subscribe'), item: undefined });
    tell([interested, available], 4, stanzaOf('subscribed'));
    assert.deepEqual(interested.got.slice(1), ['subscribed', 'x.4 4']);
    assert.deepEqual(available.got, ['subscribe']);
  });

  it('what changes while the answer is under way comes behind it, once', async () => {
    const phone = makeClient('phone');
    answer = async () => {
      tell([phone], 4);
      tell([phone], 5);
      return replyAt(4);
    };
    await ask(phone);
    assert.deepEqual(phone.got, ['roster x.4', 'x.5 5']);
  });

  it('§2.6.3 a difference: an empty result, then the pushes', async () => {
    const phone = makeClient('phone');
    answer = async () => ({ ...replyAt(9), difference: true, items: [itemOf('a'), itemOf('b')], numbers: [7, 9] });
    await ask(phone, 'x.5');
    assert.deepEqual([asked, phone.got], [[5], ['unchanged', 'x.7 a', 'x.9 b']]);
  });

  it('a push that is lost is fetched once for all clients, when the next one shows it', async () => {
    const clients = [makeClient('phone'), makeClient('laptop')];
    answer = async () => replyAt(3);
    for (const client of clients) await ask(client);
    answer = async () => ({ ...replyAt(5), difference: true, items: [itemOf('4'), itemOf('5')], numbers: [4, 5] });
    tell(clients, 5);
    await until(() => clients.every((c) => c.got.length === 3));
    assert.deepEqual(asked, [undefined, undefined, 3]);
    for (const { got } of clients) assert.deepEqual(got, ['roster x.3', 'x.4 4', 'x.5 5']);
  });

  it('… as often as is set, and with the next change again', async () => {
    const phone = makeClient('phone');
    answer = async () => replyAt(3);
    await ask(phone);
    answer = () => Promise.reject(new StanzaError('resource-constraint'));
    tell([phone], 5);
    await until(() => asked.length === 4);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual(asked, [undefined, 3, 3, 3]);
    answer = async () => ({
      ...replyAt(6),
      difference: true,
      items: [4, 5, 6].map((n) => itemOf(`${n}`)),
      numbers: [4, 5, 6],
    });
    tell([phone], 6);
    await until(() => phone.got.length === 4);
    assert.deepEqual(phone.got, ['roster x.3', 'x.4 4', 'x.5 5', 'x.6 6']);
  });

  it('after the edge was away from the bus the difference is fetched', async () => {
    const [phone, stranger] = [makeClient('phone'), makeClient('watch')];
    answer = async () => replyAt(3);
    await ask(phone);
    answer = async () => ({ ...replyAt(4), difference: true, items: [itemOf('4')], numbers: [4] });
    void hosted.hooks.run('user:missed', { user: USER, sessions: [phone.session, stranger.session] });
    await until(() => phone.got.length === 2);
    assert.deepEqual([phone.got, stranger.got], [['roster x.3', 'x.4 4'], []]);
  });

  it('an answer from a process that has not heard of the last change yet is made good', async () => {
    const phone = makeClient('phone');
    answer = async () => replyAt(4);
    await ask(phone);
    tell([phone], 5);
    answer = async () => replyAt(4);
    await ask(phone); // again, and what it has got already is gone from its memory
    answer = async () => ({ ...replyAt(5), difference: true, items: [itemOf('5')], numbers: [5] });
    await until(() => phone.got.at(-1) === 'x.5 5');
    assert.deepEqual(phone.got, ['roster x.4', 'x.5 5', 'roster x.4', 'x.5 5']);
  });

  it('an answer that is an error leaves the client what it has', async () => {
    const phone = makeClient('phone');
    answer = async () => replyAt(4);
    await ask(phone);
    answer = () => Promise.reject(new StanzaError('resource-constraint'));
    await assert.rejects(ask(phone), StanzaError);
    tell([phone], 5);
    assert.deepEqual(phone.got, ['roster x.4', 'x.5 5']);
  });

  it('§2.1.5 a set for another account is forbidden, also where nobody would answer it', () => {
    const { session } = makeClient('phone');
    const run = (type: string, to: string) =>
      hosted.hooks.run('client:stanza', {
        session,
        stanza: Stanza.build('iq', { type, id: 's1', to: parseJid(to) }, el('query', NS.roster)),
      });
    const forbidden = run('set', 'juliet@localhost');
    assert.ok(forbidden instanceof StanzaError && forbidden.condition === 'forbidden');
    for (const [type, to] of [
      ['set', USER],
      ['get', 'juliet@localhost'],
      ['set', 'juliet@localhost/balcony'],
    ] as const)
      assert.equal(run(type, to), 'next');
  });
});
